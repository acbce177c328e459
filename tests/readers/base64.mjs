// Arrays of numbers as base64 of little-endian float32, which JSON carries exactly; in node and in browsers.
export function base64(numbers) {
  const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
  if (typeof Buffer !== "undefined") return Buffer.from(bytes.buffer).toString("base64");
  let text = "";
  // as many arguments as every browser's call stack holds
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
