// Asks with the clients of Mailpit and MailHog. Arguments: the port for SMTP, and the port of the APIs.
const assert = require('assert');
const { MailpitClient } = require('mailpit-api');
const mailhog = require('mailhog');
const nodemailer = require('nodemailer');

const [smtp, http] = process.argv.slice(2).map(Number);

async function mailpit() {
  const client = new MailpitClient(`http://127.0.0.1:${http}`);
  assert.strictEqual((await client.getInfo()).Messages, 0);
  assert.strictEqual((await client.getConfiguration()).MessageRelay.Enabled, false);
  const sent = await client.sendMessage({
    From: { Email: 'from@a.example', Name: 'From' },
    To: [{ Email: 'to@b.example' }],
    Subject: 'Hello', Text: 'text', HTML: '<p>html</p>', Tags: ['red'], Headers: { 'X-Own': 'yes' },
    Attachments: [{ Content: 'aGVsbG8=', Filename: 'a.txt', ContentType: 'text/plain' }],
  });
  const waited = await client.waitForMessage({ query: 'subject:Hello' }, { timeout: 20000, interval: 100 });
  assert.strictEqual(waited.ID, sent.ID);
  const summary = await client.getMessageSummary(sent.ID);
  assert.strictEqual(summary.Text.trim(), 'text');
  assert.strictEqual(summary.HTML.trim(), '<p>html</p>');
  assert.deepStrictEqual(summary.Tags, ['red']);
  assert.strictEqual(summary.Attachments[0].Checksums.SHA1, 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d');
  assert.deepStrictEqual((await client.getMessageHeaders('latest'))['X-Own'], ['yes']);
  const part = await client.getMessageAttachment(sent.ID, summary.Attachments[0].PartID);
  assert.strictEqual(typeof part === 'string' ? part : await part.text(), 'hello');
  assert.match(await client.getMessageSource(sent.ID), /^From: /);
  assert.match(await client.renderMessageHTML(sent.ID), /<p>html<\/p>/);
  assert.match(await client.renderMessageText(sent.ID), /text/);
  await client.setReadStatus({ IDs: [sent.ID], Read: false });
  assert.strictEqual((await client.listMessages()).unread, 1);
  await client.setReadStatus({ Search: 'tag:red', Read: true });
  assert.strictEqual((await client.searchMessages({ query: 'is:read' })).messages_count, 1);
  await client.setTags({ IDs: [sent.ID], Tags: ['green', 'blue'] });
  assert.deepStrictEqual(await client.getTags(), ['blue', 'green']);
  await client.renameTag('blue', 'navy');
  await client.deleteTag('green');
  assert.deepStrictEqual(await client.getTags(), ['navy']);
  const chaos = await client.setChaosTriggers({ Sender: { ErrorCode: 451, Probability: 100 } });
  assert.deepStrictEqual(chaos.Sender, { ErrorCode: 451, Probability: 100 });
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: smtp, ignoreTLS: true });
  const mail = { from: 'a@b.example', to: 'c@d.example', subject: 'by SMTP', text: 'x' };
  await assert.rejects(transport.sendMail(mail), (error) => error.responseCode === 451);
  assert.strictEqual((await client.setChaosTriggers()).Sender.Probability, 0);
  await transport.sendMail(mail);
  await assert.rejects(client.releaseMessage(sent.ID, { To: ['x@y.example'] }));
  await client.deleteMessagesBySearch({ query: 'subject:Hello' });
  assert.strictEqual((await client.listMessages()).total, 1);
  await client.deleteMessages();
  assert.strictEqual((await client.listMessages()).total, 0);
}

async function hog() {
  const client = mailhog({ host: '127.0.0.1', port: http });
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: smtp, ignoreTLS: true });
  for (const number of [1, 2, 3]) {
    await transport.sendMail({
      from: `from${number}@a.example`, to: `to${number}@b.example`, subject: `Grüße ${number}`, text: `täxt ${number}`,
      html: `<p>html ${number}</p>`, attachments: [{ filename: 'a.txt', content: 'hello' }],
    });
  }
  const all = await client.messages(0, 2);
  assert.strictEqual(all.total, 3);
  assert.strictEqual(all.count, 2);
  const latest = await client.latestTo('to2@b.example');
  // The client leaves the underscore of an encoded word, which means a space.
  assert.match(latest.subject, /^Grüße[ _]2$/);
  assert.strictEqual(latest.from, 'from2@a.example');
  const inner = await client.search('täxt 3', 'containing');
  assert.strictEqual(inner.total, 1);
  assert.strictEqual(inner.items[0].attachments[0].name, 'a.txt');
  assert.strictEqual((await client.latestFrom('from1@a.example')).to, 'to1@b.example');
  await client.deleteMessage(latest.ID);
  assert.strictEqual((await client.messages()).total, 2);
  await client.deleteAll();
  assert.strictEqual((await client.messages()).total, 0);
}

mailpit().then(hog).then(() => console.log('passed'), (error) => {
  console.error(error);
  process.exit(1);
});
