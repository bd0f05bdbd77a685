// Join the pages of the site into one document, in the order of its side bar. This runs
// in the front page, whose own scripts are switched off; `files` holds the text of every
// page by its name. A file's name and an id in it become one id of the book.
(files) => {
  const address = (name, id) =>
    `${name.replace(".html", "")}${id && `:${id}`}`.replace(/[^\p{L}\p{N}_:-]/gu, "-");

  function made(tag, className, ...inside) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...inside);
    return element;
  }

  function link(id, className, text) {
    const anchor = made("a", className, text);
    anchor.href = `#${id}`;
    return anchor;
  }

  // The number of a page is known when the book has been printed once.
  const pageOf = (id) => link(id, "page-of", "");

  // An address inside the site becomes one inside the book, or text if it is not there.
  function lead(anchor, name) {
    const url = new URL(anchor.getAttribute("href"), `site:/book/${name}`);
    if (url.protocol !== "site:") return;
    const to = url.pathname.replace("/book/", "");
    if (to in files) {
      anchor.href = `#${address(to, decodeURIComponent(url.hash.slice(1)))}`;
    } else {
      anchor.replaceWith(...anchor.childNodes);
    }
  }

  // Folded code draws or stores: it stays in the notebooks. So does what needs a screen.
  const LEFT_OUT = ".headerlink, script, details.hide, mjx-assistive-mml, #take-it-with-you";

  function read(name) {
    const page = new DOMParser().parseFromString(files[name], "text/html");
    const article = document.adoptNode(page.querySelector("article"));
    for (const element of article.querySelectorAll(LEFT_OUT)) element.remove();
    // No other fold is on paper: what goes further, hints and solutions are open.
    for (const fold of article.querySelectorAll(".further, .further > summary")) {
      fold.replaceWith(...fold.childNodes);
    }
    for (const fold of article.querySelectorAll(".dropdown")) fold.classList.remove("dropdown");
    for (const cell of article.querySelectorAll(".cell")) {
      if (!cell.textContent.trim() && !cell.querySelector("img")) cell.remove();
    }
    for (const element of article.querySelectorAll("[id]")) {
      element.id = address(name, element.id);
    }
    for (const anchor of article.querySelectorAll("a[href]")) lead(anchor, name);
    for (const image of article.querySelectorAll("img")) image.loading = "eager";
    for (const sheet of page.querySelectorAll("link[rel=stylesheet], style")) {
      const here = [...document.head.children].some((known) => known.isEqualNode(sheet));
      if (!here) document.head.append(sheet);
    }
    article.id = address(name, "");
    return article;
  }

  const titleOf = (article) => article.querySelector("h1").textContent;

  // Take the solutions out of an article; where one stood, a line leads to it.
  function solutionsOf(article) {
    const solutions = [...article.querySelectorAll(".solution")];
    for (const solution of solutions) {
      const text = made("p", "to-solution", link(solution.id, "", "Solution"), ", page ");
      text.append(pageOf(solution.id));
      solution.replaceWith(text);
    }
    const section = made("section", "", made("h2", "", titleOf(article)), ...solutions);
    section.id = `${article.id}:solutions`;
    return solutions.length ? [section] : [];
  }

  function contents(articles) {
    const nav = made("nav", "book-contents", made("h1", "", "Contents"));
    const line = (kind, id, text) => nav.append(made("p", kind, link(id, "", text), pageOf(id)));
    for (const article of articles) {
      if (article.part) nav.append(made("p", "part", article.part));
      line("chapter", article.id, titleOf(article));
      for (const heading of article.querySelectorAll("h2")) {
        line("section", heading.parentElement.id, heading.textContent);
      }
    }
    return nav;
  }

  // An article's pages have a name of their own, and carry its title.
  function running(article, k) {
    article.style.page = `part${k}`;
    return `@page part${k} { @top-left { content: ${JSON.stringify(titleOf(article))}; } }`;
  }

  const said = (selector) => document.querySelector(selector).textContent.trim();
  const articles = Object.keys(files).map(read);
  for (const caption of document.querySelectorAll("nav.bd-links .caption")) {
    const first = caption.nextElementSibling.querySelector("a").getAttribute("href");
    const article = articles.find((other) => other.id === address(first, ""));
    if (article) article.part = caption.textContent;
  }
  const cover = made("div", "cover", made("p", "title", titleOf(articles[0])));
  for (const line of [".component-author", ".last-updated", ".copyright"]) {
    cover.append(made("p", "", said(line)));
  }
  const solutions = made("article", "bd-article", made("h1", "", "Solutions"));
  solutions.append(...articles.flatMap(solutionsOf));
  solutions.id = "solutions";
  articles.push(solutions);
  articles[0].querySelector("h1").textContent = "About this course";
  document.head.append(made("style", "", articles.map(running).join("\n")));
  document.documentElement.dataset.theme = "light";
  document.body.replaceChildren(cover, contents(articles), ...articles);
}
