// What components tell each other, as events on the window: a note was chosen ({id, seq, play, from}), its nearest
// neighbours are known ({ids}), a sound began or ended ({playing}).
export const SELECT = "timbre:select";
export const NEIGHBOURS = "timbre:neighbours";
export const PLAYING = "timbre:playing";
// Whoever begins to sound says so ({from}), and all others fall silent.
export const HUSH = "timbre:hush";
// The map is drawn: what takes the server's time may be asked for now.
export const DRAWN = "timbre:drawn";
// A sound that is no note of the library was placed among its notes ({title, near: [{id, weight}]}), or null.
export const GUEST = "timbre:guest";
// What is compared is to be equally loud from now on, or no longer.
export const MATCH = "timbre:match";
