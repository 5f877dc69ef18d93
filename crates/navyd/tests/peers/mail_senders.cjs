// Sends mail with nodemailer. Arguments: the port for SMTP, and the address of the APIs.
const assert = require('assert');
const nodemailer = require('nodemailer');

const [port, api] = process.argv.slice(2);

async function main() {
  const pool = nodemailer.createTransport({ host: '127.0.0.1', port: Number(port), pool: true, ignoreTLS: true });
  await pool.verify();
  const sent = Array.from({ length: 20 }, (_, number) =>
    pool.sendMail({
      from: 'Shop <shop@a.example>',
      to: 'ann@b.example',
      cc: 'cc@b.example',
      bcc: 'hidden@c.example',
      subject: `Grüße ${number}`,
      text: 'text\n.\nend',
      html: '<p>html <img src="cid:logo"></p>',
      attachments: [
        { filename: 'a.txt', content: 'hello' },
        { filename: 'logo.png', cid: 'logo', content: Buffer.from('89504e470d0a1a0a', 'hex') },
      ],
    }));
  for (const info of await Promise.all(sent)) {
    assert.deepStrictEqual(info.rejected, []);
    assert.match(info.response, /^250 2\.0\.0 /);
  }
  pool.close();
  for (const method of ['PLAIN', 'LOGIN', 'CRAM-MD5']) {
    const transport = nodemailer.createTransport({
      host: '127.0.0.1', port: Number(port), ignoreTLS: true, authMethod: method, auth: { user: 'shop', pass: 'x' },
    });
    await transport.sendMail({ from: 'a@b.example', to: 'c@d.example', subject: method, text: 'x' });
  }
  const list = await (await fetch(`${api}/api/v1/messages?limit=100`)).json();
  assert.strictEqual(list.total, 23);
  const found = await (await fetch(`${api}/api/v1/search?query=subject:"Grüße 7" has:attachment`)).json();
  assert.strictEqual(found.messages_count, 1);
  const one = await (await fetch(`${api}/api/v1/message/${found.messages[0].ID}`)).json();
  assert.strictEqual(one.Text.trim(), 'text\r\n.\r\nend');
  assert.deepStrictEqual(one.Bcc, [{ Name: '', Address: 'hidden@c.example' }]);
  assert.deepStrictEqual(one.Attachments.map((part) => part.FileName), ['a.txt']);
  assert.deepStrictEqual(one.Inline.map((part) => part.ContentID), ['logo']);
  console.log('passed');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
