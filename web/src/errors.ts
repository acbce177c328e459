/** What a person can do something about; its message is one sentence. */
export class AvatarError extends Error {
  override name = "AvatarError";
}
