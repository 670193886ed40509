// On a phone a row of a table of inputs becomes a card (phone.css): each input says the name of its column.
for (const table of document.querySelectorAll(".inline-related.tabular table")) {
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  table.classList.add("tablee-cards");
  for (const row of table.querySelectorAll("tr.form-row"))
    [...row.cells].forEach((cell, place) => { if (names[place]) cell.dataset.label = names[place]; });
}
