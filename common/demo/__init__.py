"""The demo library: Italodance and Trance songs, composed and rendered by our own code.

A `Song` is a score: key, chords, melody, bass line, arrangement, and the settings of every
instrument. `compose.compose_library` writes scores, `perform.render` plays one, `files.write_library`
makes a folder of tagged MP3 files of them, and `truth.truth_of` says what there is to hear in one.
Everything follows from one seed.

The two genres differ as the real ones do. Italodance bounces: an off-beat bass, a short bright lead,
simple loops, little reverb. Trance rolls: bass between the kicks, 16th-note arpeggios, long supersaw
breakdowns, large rooms. They share tempo, keys and loudness, and a few hybrids take the bass line,
the form and the sound of the other side.
"""
