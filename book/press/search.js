// What the search page does beside Sphinx's search, whose tools come before it.

// A Korean word is looked for without its particles: 상태를 finds 상태가. At least two
// letters are left, as of 평가, unless it is one of the course's words of one letter.
const korean = /[가-힣]$/;
const particles =
  "(?:은|는|이|가|을|를|의|에|에서|에게|로|으로|와|과|도|만|부터|까지|보다|처럼|란|이란)+";
const inflected = new RegExp(`^([값셀수원층핫]|.{2,}?)${particles}$`, "u");
const particle = new RegExp(`^${particles}$`, "u");

function splitQuery(query) {
  const words = query.split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu);
  return words.map((word) => (korean.test(word) ? word.replace(inflected, "$1") : word))
    .filter((word) => word && !particle.test(word));
}

// How much was found is read aloud. The theme means to put the cursor into the field, and
// takes one that is not shown.
addEventListener("DOMContentLoaded", () => {
  Search.status?.setAttribute("role", "status");
  document.querySelector("main .bd-search input").focus();
});
