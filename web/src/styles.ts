export const STYLES = `
:host { display: block; position: relative; min-height: 8rem; overflow: hidden; font: 14px/1.4 system-ui, sans-serif;
  color: #1c1c22; background: var(--headsmith-background, radial-gradient(circle at 50% 35%, #f4f2ef, #c9c6c4)); }
:host([hidden]) { display: none; }
:host([mode=hologram]) { background: transparent; }
.stage { position: absolute; inset: 0; display: flex; }
.view { position: relative; flex: 1; min-width: 0; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; cursor: grab; }
canvas:active { cursor: grabbing; }
:focus-visible { outline: 3px solid #2a6fdb; outline-offset: -3px; }
.poster { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; opacity: .5; }
.message { position: absolute; inset: auto 1rem 1rem; padding: .6rem .8rem; border-radius: .5rem; background: #fffd;
  text-align: center; }
.message:empty { display: none; }
progress { position: absolute; left: 20%; width: 60%; top: calc(50% - .4rem); height: .8rem; accent-color: #2a6fdb; }
.panel { flex: 0 0 17rem; max-width: 50%; overflow-y: auto; padding: .6rem; background: #fffe; }
.panel fieldset { border: 0; padding: 0 0 .6rem; margin: 0; display: flex; flex-wrap: wrap; gap: .2rem .7rem; }
.panel legend { font-weight: 600; padding: 0; }
.panel select { max-width: 100%; }
.panel summary { cursor: pointer; font-weight: 600; padding: .2rem 0; }
.slider { display: flex; align-items: center; gap: .5rem; min-height: 1.8rem; }
.slider span { flex: 0 0 8rem; }
.slider input { flex: 1; min-width: 0; accent-color: #2a6fdb; }
@media (max-width: 640px) { .stage { flex-direction: column; } .panel { flex: 0 0 40%; max-width: none; } }
@media (prefers-color-scheme: dark) {
  :host { color: #eee; --headsmith-background: radial-gradient(circle at 50% 35%, #44444c, #1b1b20); }
  .panel, .message { background: #26262cf2; }
}
`;
