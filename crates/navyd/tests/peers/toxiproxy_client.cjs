// Drives a Toxiproxy with its client for node, every call of it: API, UPSTREAM. The upstream says what it hears.
const assert = require("assert");
const net = require("net");
const { Toxiproxy, ToxiproxyError } = require("toxiproxy-node-client");

const [api, upstream] = process.argv.slice(2);

/** What is heard after these words were said, how long it took, and how it ended. */
function say(listen, words) {
  const [host, port] = listen.split(":");
  return new Promise((resolve) => {
    const begun = Date.now();
    let heard = "";
    const socket = net.connect(Number(port), host, () => socket.write(words));
    const ended = (how) => resolve({ heard, how, took: Date.now() - begun });
    socket.on("data", (bytes) => {
      heard += bytes;
      if (heard.length >= words.length) socket.end();
    });
    socket.on("error", (error) => ended(error.code));
    socket.on("close", () => ended("end"));
  });
}

(async () => {
  const toxiproxy = new Toxiproxy(api);
  assert.strictEqual(await toxiproxy.getVersion(), '{"version": "2.12.0"}\n');
  assert.deepStrictEqual(await toxiproxy.getAll(), {});

  const proxy = await toxiproxy.createProxy({ name: "p", listen: "localhost:0", upstream });
  assert.match(proxy.listen, /^127\.0\.0\.1:\d+$/);
  assert.deepStrictEqual([proxy.name, proxy.upstream, proxy.enabled], ["p", upstream, true]);
  assert.strictEqual((await say(proxy.listen, "plain")).heard, "plain");
  await assert.rejects(toxiproxy.createProxy({ name: "p", listen: "localhost:0", upstream }), ToxiproxyError);
  await assert.rejects(toxiproxy.get("other"), ToxiproxyError);
  assert.strictEqual((await toxiproxy.get("p")).listen, proxy.listen);

  let toxic = await proxy.addToxic({ type: "latency", name: "slow", stream: "upstream", toxicity: 1, attributes: { latency: 150, jitter: 0 } });
  assert.deepStrictEqual(toxic.toJson(), { attributes: { latency: 150, jitter: 0 }, name: "slow", stream: "upstream", toxicity: 1, type: "latency" });
  assert.ok((await say(proxy.listen, "slow")).took >= 149);
  toxic = await toxic.update({ attributes: { latency: 300, jitter: 0 }, toxicity: 0.5 });
  assert.deepStrictEqual([toxic.attributes.latency, toxic.toxicity], [300, 0.5]);
  assert.strictEqual((await proxy.getToxic("slow")).attributes.latency, 300);
  await toxic.remove();
  await assert.rejects(proxy.getToxic("slow"), ToxiproxyError);
  await assert.rejects(proxy.addToxic({ type: "lag", attributes: {} }), ToxiproxyError);

  const reset = await proxy.addToxic({ type: "reset_peer", attributes: { timeout: 0 } });
  assert.strictEqual((await say(proxy.listen, "reset")).how, "ECONNRESET");
  await reset.remove();
  for (const [type, attributes, heard] of [
    ["limit_data", { bytes: 3 }, "lim"],
    ["slicer", { average_size: 2, size_variation: 1, delay: 10 }, "limit"],
    ["bandwidth", { rate: 1000 }, "limit"],
    ["slow_close", { delay: 10 }, "limit"],
    ["timeout", { timeout: 50 }, ""],
  ]) {
    const laid = await proxy.addToxic({ type, attributes });
    assert.strictEqual(laid.name, `${type}_downstream`);
    assert.strictEqual((await say(proxy.listen, "limit")).heard, heard, type);
    await laid.remove();
  }

  const off = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
  assert.strictEqual(off.enabled, false);
  assert.strictEqual((await say(proxy.listen, "off")).how, "ECONNREFUSED");
  const all = await toxiproxy.populate([
    { name: "p", listen: proxy.listen, upstream },
    { name: "q", listen: "localhost:0", upstream },
  ]);
  assert.deepStrictEqual(Object.keys(all).sort(), ["p", "q"]);
  assert.strictEqual(all.p.enabled, false);
  await toxiproxy.reset();
  assert.strictEqual((await toxiproxy.get("p")).enabled, true);
  assert.strictEqual((await say(proxy.listen, "on")).heard, "on");
  for (const each of Object.values(await toxiproxy.getAll())) await each.remove();
  assert.deepStrictEqual(await toxiproxy.getAll(), {});
  console.log("passed");
})();
