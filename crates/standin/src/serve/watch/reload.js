(() => {
  const source = new EventSource("/__navyd__/events");
  let lost = false;
  source.onerror = () => { lost = true; };
  source.onopen = () => { if (lost) location.reload(); };
  source.addEventListener("reload", () => location.reload());
  source.addEventListener("css", (event) => {
    const changed = JSON.parse(event.data);
    const links = [...document.querySelectorAll("link[rel~=stylesheet]")].filter((link) => {
      const url = new URL(link.href);
      return url.origin === location.origin && changed.includes(decodeURIComponent(url.pathname));
    });
    if (!links.length) location.reload();
    for (const link of links) {
      const url = new URL(link.href);
      url.searchParams.set("navyd", Date.now());
      const next = link.cloneNode();
      next.href = url;
      next.onload = () => link.remove();
      link.after(next);
    }
  });
})();
