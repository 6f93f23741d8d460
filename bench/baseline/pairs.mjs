// node pairs.mjs: ms of CPU to make the body of 10 000 pairs, all threads of the process counted.
import { measure } from "./measure.mjs";

const sentence = 'The "quick" brown fox jumps over the lazy dog, and na\u00efve readers follow it home.\n';
const bytes = Buffer.byteLength(sentence);
const pairs = [];
for (let i = 0; i < 10000; ++i) {
  let value = `Page ${i}: `;
  let size = value.length;
  for (; size + bytes <= 1024; size += bytes) value += sentence;
  value += ".".repeat(1024 - size);
  // A round trip makes it one flat string, as text that was read from somewhere is.
  pairs.push({ key: `page/${i}`, value: Buffer.from(value).toString(), metadata: { lang: i % 2 ? "fr" : "en", size: i } });
}

measure(() => Buffer.from(JSON.stringify(pairs)).length);
