// The chat in another page: <script src="https://CHAT/embed.js" async></script>
// data-position="left", data-open="true", data-title="…" are optional.
(() => {
  const script = document.currentScript;
  const base = new URL(script.src).origin;
  const begin = () => import(base + '/static/widget.js')
    .then((module) => module.widget(base, script.dataset))
    .catch(() => console.warn(`motcua: ${location.origin} may not embed the chat of ${base}, or cannot reach it`));
  if (document.body) begin();
  else addEventListener('DOMContentLoaded', begin);
})();
