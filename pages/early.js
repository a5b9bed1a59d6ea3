// In the app's page before anything else runs. What early.py has put there is shown as soon as the server has told what it
// shows; as the page comes it takes each component over. What it does not have goes, and all is as if it had not been.
{
  /** @type {HTMLTemplateElement} */
  const template = document.querySelector("template#tx-early");
  const layer = /** @type {HTMLElement} */ (template.content.firstElementChild);
  const parts = /** @type {HTMLElement[]} */ ([...layer.querySelectorAll("[data-module]")]);
  const place = location.pathname;
  const root = document.getElementById("root");
  const away = [];
  const REST_MS = 300; // a page that has run may have something yet to show

  const chosen = () => {
    try {
      return JSON.parse(localStorage.getItem(`stActiveTheme-${place}-v2`));
    } catch {
      return null;
    }
  };

  // The page is laid out as here, and has not come yet.
  const fits = () => innerWidth > 768 && location.pathname === place && !root.querySelector(".stBidiComponent");

  /** @param {"told" | "over"} what to held.js: whether Streamlit's scripts are to wait for more */
  const tell = (what) => dispatchEvent(new CustomEvent("timbre:early", { detail: what }));

  const remove = () => {
    tell("over");
    coming.disconnect();
    for (const each of away) each();
    layer.remove();
  };

  const left = () => parts.filter((part) => part.firstElementChild);

  // The page ran, and has not all that is here.
  const lost = () =>
    root.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]') &&
    left().some((part) => !root.querySelector(`.st-key-${part.dataset.part}`));

  const coming = new MutationObserver(() => {
    if (!left().length || location.pathname !== place) remove();
    else if (lost()) setTimeout(() => lost() && remove(), REST_MS);
  });

  const show = async () => {
    if (!fits()) return remove();
    const asked = fetch(template.dataset.asked + location.search);
    const modules = Promise.all(parts.map((part) => import(new URL(part.dataset.module, location.href).href)));
    const answer = await asked;
    if (answer.status !== 200) return remove();
    tell("told");
    const [data, mounts] = await Promise.all([answer.json(), modules]);
    if (!fits()) return remove();
    const theme = chosen();
    const dark = theme === "Dark" || (theme !== "Light" && matchMedia("(prefers-color-scheme: dark)").matches);
    layer.classList.toggle("tx-dark", dark);
    document.body.append(layer);
    coming.observe(root, { childList: true, subtree: true, attributeFilter: ["data-test-script-state"] });
    parts.forEach((part, i) => {
      away.push(mounts[i].default({ data: data[part.dataset.part], parentElement: part, early: true }));
    });
    tell("over");
  };
  show().catch(remove); // then the page is shown when it comes
}
