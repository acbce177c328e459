import { HeadsmithAvatar } from "./element.js";

export { AvatarError } from "./errors.js";
export { HeadsmithAvatar };

if (!customElements.get("headsmith-avatar")) customElements.define("headsmith-avatar", HeadsmithAvatar);

declare global {
  interface HTMLElementTagNameMap {
    "headsmith-avatar": HeadsmithAvatar;
  }
}
