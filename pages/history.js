// In the app's page before anything else runs. What is chosen on a page replaces the page's place in the browser's history;
// only another page adds one: so Back leads to the page before, not through every note that was heard.
{
  const push = history.pushState.bind(history);
  history.pushState = (state, unused, url) => {
    const samePage = new URL(url ?? location.href, location.href).pathname === location.pathname;
    if (samePage) history.replaceState(state, unused, url);
    else push(state, unused, url);
  };
}
