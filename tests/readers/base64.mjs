// Arrays of numbers as base64 of little-endian float32, which JSON carries exactly.
export function base64(numbers) {
  const array = Float32Array.from(numbers);
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
}
