// Follows what happens over a WebSocket while a client of Mailpit changes things, and holds the documents to what strict
// clients take: no field more and none less. Arguments: the address of the APIs, user and password.
const assert = require('assert');
const { MailpitClient } = require('mailpit-api');
const WebSocket = require('ws');

const [base, username, password] = process.argv.slice(2);
const client = new MailpitClient(base, { auth: { username, password } });
const authorization = 'Basic ' + Buffer.from(`${username}:${password}`).toString('base64');
const socket = new WebSocket(`${base.replace('http', 'ws')}/api/events`, { headers: { authorization } });
const told = [];
let wake = () => {};
socket.on('message', (data) => {
  told.push(JSON.parse(data));
  wake();
});

// The next event of that kind; those of other kinds before it must be among these.
async function next(kind, others = ['stats']) {
  for (;;) {
    while (told.length > 0) {
      const event = told.shift();
      assert.deepStrictEqual(Object.keys(event), ['Data', 'Type']);
      if (event.Type === kind) return event.Data;
      assert(others.includes(event.Type), `${event.Type} before ${kind}`);
    }
    await new Promise((resolve) => { wake = resolve; });
  }
}

async function stats(total, unread) {
  for (;;) {
    const data = await next('stats', []);
    assert.deepStrictEqual(Object.keys(data).sort(), ['Total', 'Unread', 'Version']);
    if (data.Total === total && data.Unread === unread) return;
  }
}

function keys(document, words) {
  assert.deepStrictEqual(Object.keys(document).sort(), words.split(' ').sort());
}

const ITEM = 'Attachments Bcc Cc Created From ID MessageID Read ReplyTo Size Snippet Subject Tags To Username';
const WHOLE = 'Attachments Bcc Cc Date From HTML ID Inline ListUnsubscribe MessageID ReplyTo ReturnPath Size Subject Tags Text To Username';
const FIELDS = 'Bcc Cc Content-Type Date From List-Unsubscribe Message-Id Mime-Version Reply-To Return-Path Subject To';
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

async function main() {
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  const request = {
    From: { Email: 'from@a.example', Name: 'From' }, To: [{ Email: 'to@b.example', Name: 'To' }],
    Cc: [{ Email: 'cc@b.example' }], Bcc: ['bcc@c.example'], ReplyTo: [{ Email: 'reply@b.example' }],
    Subject: 'All of it', Text: 'text', HTML: '<p><a href="https://d.example">link</a><img src="cid:other"></p>',
    Headers: { 'List-Unsubscribe': '<mailto:off@d.example>, <https://d.example/off>' },
    Attachments: [
      { Content: PIXEL, Filename: 'a.png' },
      { Content: PIXEL, Filename: 'b.png', ContentID: 'pixel', ContentType: 'image/png' },
    ],
  };
  const hog = new WebSocket(`${base.replace('http', 'ws')}/api/v2/websocket`, { headers: { authorization } });
  const toldByHog = new Promise((resolve) => { hog.on('message', (data) => resolve(JSON.parse(data))); });
  await new Promise((resolve, reject) => hog.on('open', resolve).on('error', reject));
  const { ID } = await client.sendMessage(request);
  const item = await toldByHog;
  assert.deepStrictEqual([item.ID, item.Content.Headers.Subject], [ID, ['All of it']]);
  hog.terminate();
  const arrived = await next('new');
  keys(arrived, ITEM);
  assert.deepStrictEqual([arrived.ID, arrived.Username, arrived.Read], [ID, username, false]);
  await stats(1, 1);

  keys((await client.listMessages()).messages[0], ITEM);
  keys((await client.getInfo()).RuntimeStats,
    'Memory MessagesDeleted SMTPAccepted SMTPAcceptedSize SMTPIgnored SMTPRejected Uptime');
  const whole = await client.getMessageSummary();
  keys(whole, WHOLE);
  assert.deepStrictEqual(await next('update'), { ID, Read: true });
  await stats(1, 0);
  assert.deepStrictEqual(whole.ListUnsubscribe.Links, ['mailto:off@d.example', 'https://d.example/off']);
  keys(whole.Attachments[0], 'Checksums ContentID ContentType FileName PartID Size');
  const fields = await client.getMessageHeaders(ID);
  keys(fields, FIELDS);
  assert.deepStrictEqual([fields['Return-Path'], fields.Bcc], [['<from@a.example>'], ['bcc@c.example']]);
  const part = await client.getMessageAttachment(ID, whole.Attachments[0].PartID);
  assert.strictEqual(part.type, 'image/png');
  assert((await client.renderMessageHTML()).includes(request.HTML));
  const embedded = await client.renderMessageHTML(ID, 1);
  assert(embedded.includes('<a target="_blank" rel="noreferrer noopener" href="https://d.example">'), embedded);

  const get = async (path) => {
    const answer = await fetch(base + path, { headers: { authorization } });
    return [answer.status, await answer.text()];
  };
  assert.strictEqual(JSON.parse((await get('/api/v1/message/latest?query=subject:all'))[1]).ID, ID);
  assert.strictEqual((await get('/api/v1/message/latest?query=subject:nothing'))[0], 404);
  assert.strictEqual((await get('/view/latest.txt?query=subject:all'))[1], 'text');
  assert.deepStrictEqual(JSON.parse((await get(`/api/v1/message/${ID}?inboxes=true`))[1]).Inboxes, [username]);

  // What is no document changes nothing, and is told in one.
  for (const [method, path] of [['DELETE', '/api/v1/messages'], ['PUT', '/api/v1/messages'], ['POST', '/api/v1/send']]) {
    const answer = await fetch(base + path, { method, headers: { authorization }, body: '[]' });
    assert.strictEqual(answer.status, 400, `${method} ${path}`);
    if (method === 'POST') keys(await answer.json(), 'Error');
  }
  assert.strictEqual((await client.listMessages()).total, 1);

  // Whoever says again what is so already is told all the same.
  await client.setReadStatus({ IDs: [ID], Read: true });
  assert.deepStrictEqual(await next('update'), { ID, Read: true });
  await client.setReadStatus({ Search: 'subject:all', Read: false });
  assert.deepStrictEqual(await next('update'), { ID, Read: false });
  await client.setTags({ IDs: [ID], Tags: ['one'] });
  assert.deepStrictEqual(await next('update'), { ID, Tags: ['one'] });
  await stats(1, 1);
  await client.deleteMessages({ IDs: [ID] });
  assert.deepStrictEqual(await next('delete'), { ID });
  await stats(0, 0);
  const again = await client.sendMessage(request);
  await client.deleteMessagesBySearch({ query: 'subject:all' });
  assert.deepStrictEqual(await next('delete', ['new', 'stats']), { ID: again.ID });
  await client.sendMessage(request);
  await client.deleteMessages();
  assert.strictEqual(await next('truncate', ['new', 'stats']), null);
  await stats(0, 0);

  // More than are told one by one.
  await Promise.all(Array.from({ length: 201 }, () => client.sendMessage({ ...request, Attachments: [] })));
  await client.setReadStatus({ Search: 'subject:all', Read: true });
  assert.strictEqual(await next('prune', ['new', 'stats']), null);
  socket.terminate();
  await assert.rejects(new MailpitClient(base, { auth: { username, password: 'wrong' } }).getInfo(), /401 Unauthorized/);
  console.log('passed');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
