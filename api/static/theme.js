// Before anything is painted: the theme the reader chose. A classic script, because modules run after the first paint.
try {
  const theme = localStorage.getItem("codereview.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme is used.
}
