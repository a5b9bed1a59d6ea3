// In the app's page before anything else runs. Streamlit's scripts take as long to start as all that shows its first components
// (early.js), so they wait here until that is shown. They come in every case: at the latest after a while, and at once where
// the server or a script cannot do its part.
{
  /** @type {HTMLTemplateElement} */
  const held = document.querySelector("template#tx-held");
  const ANSWER_MS = 250; // for the server to tell what is shown; a new one may have much to read before
  const SHOWN_MS = 1500; // from then on, to show it

  const goOn = () => document.head.append(held.content); // once they are there, nothing is left here

  let latest = setTimeout(goOn, ANSWER_MS);
  addEventListener("timbre:early", (event) => {
    clearTimeout(latest);
    if (/** @type {CustomEvent} */ (event).detail === "told") latest = setTimeout(goOn, SHOWN_MS);
    else goOn();
  });
  addEventListener("error", goOn);
}
