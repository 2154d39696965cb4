// What several songs share that a listener could hear, and that sets them apart from all others.
//
// Needs `traits` of the page: words (what a high value sounds like, what a low one, whose it is), scale (steps in
// a standard deviation) and values (signed bytes in base64, song after song); and `all`, every row.

// A trait is said of songs that lie so many standard deviations (of all songs) from the others on average:
// what J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988, calls large.
const CLEAR = 0.8;
// And farther than chance takes songs drawn at random: three standard errors happen to a number once in 370
// times, so to any of fewer than thirty in one selection of twelve at most (Bonferroni's bound).
const STANDARD_ERRORS = 3;
// And nearly every song must have it, for an average may come from one song.
const SHARED_BY = 0.8;
const MOST_TRAITS = 3;
const LEAST_SONGS = 3;

const UNKNOWN = -128; // where a song has no such number
const bytes = Int8Array.from(atob(traits.values), (character) => character.charCodeAt(0));
const valueOf = (row, trait) => bytes[row * traits.words.length + trait];

// How far the songs lie from all others in one number: standard deviations, or null where it is no shared trait.
function apart(rows, others, trait) {
  const known = (some) => some.map((row) => valueOf(row, trait)).filter((value) => value !== UNKNOWN);
  const [inside, outside] = [known(rows), known(others)];
  if (inside.length < SHARED_BY * rows.length || !outside.length) return null;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const usual = mean(outside);
  const distance = (mean(inside) - usual) / traits.scale;
  const sameSide = inside.filter((value) => (value - usual) * distance > 0).length;
  const chance = STANDARD_ERRORS * Math.sqrt(1 / inside.length + 1 / outside.length);
  const clear = Math.abs(distance) >= Math.max(CLEAR, chance) && sameSide >= SHARED_BY * rows.length;
  return clear ? distance : null;
}

// The clearest traits, at most one of each descriptor.
function sharedTraits(rows) {
  const inside = new Set(rows);
  const others = all.filter((row) => !inside.has(row));
  if (rows.length < LEAST_SONGS) return [];
  const found = traits.words.map((words, trait) => ({ words, distance: apart(rows, others, trait) }))
    .filter(({ distance }) => distance !== null).sort((a, b) => Math.abs(b.distance) - Math.abs(a.distance));
  const said = new Map();
  for (const { words: [high, low, source], distance } of found)
    if (!said.has(source) && said.size < MOST_TRAITS) said.set(source, distance > 0 ? high : low);
  return [...said.values()];
}
