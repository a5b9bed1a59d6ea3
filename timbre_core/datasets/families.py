"""Which of NSynth's eleven families a sound is of, by what people call it."""

from __future__ import annotations

import re

# The first line that a name agrees with decides, so what names a kind more closely stands before what names it loosely:
# "bass clarinet" is a reed, "synth bass" a bass, "strings pizzicato" strings.
_WORDS = """
vocal acoustic: choir chorus voice voices vox vocal vocals aah aahs ahh ooh oohs ohh singer soprano_voice
synth_lead synthetic: bass_and_lead bass_&_lead bass_+_lead
mallet acoustic: dulcimer celesta celeste glockenspiel glock music_box musicbox vibraphone vibes marimba xylophone
mallet acoustic: tubular_bells bells bell tinker_bell timpani chimes
mallet acoustic: crotales kalimba mbira steel_drum steel_drums steelpan gamelan bonang balafon handpan
reed acoustic: sax saxophone clarinet oboe english_horn cor_anglais bassoon contrabassoon harmonica accordion accordian
reed acoustic: bandoneon concertina melodica bag_pipe bagpipes shenai shanai shawm duduk krummhorn alto_sax tenor_sax bari_sax
flute acoustic: flute piccolo recorder pan_flute panflute ocarina whistle shakuhachi bottle fife quena ney
brass acoustic: trumpet trombone tuba french_horn horn horns cornet flugelhorn flugel bugle euphonium brass baritone_horn
bass acoustic: contrabass_guitar bass_guitar acoustic_bass upright_bass slap_bass fretless_bass fretless pop_bass
bass electronic: fingered_bass picked_bass electric_bass finger_bass pick_bass
bass synthetic: synth_bass synthbass sub_bass acid_bass 808_bass moog_bass
string acoustic: violin violins viola violas cello celli violoncello contrabass double_bass basses strings string_section
string acoustic: pizzicato harp fiddle erhu koto tremolo_strings string_ensemble orchestra ensemble
guitar electronic: electric_guitar jazz_guitar clean_guitar distortion_guitar overdrive_guitar muted_guitar
guitar acoustic: guitar ukulele banjo mandolin lute sitar shamisen oud bouzouki balalaika charango nylon_string steel_string
organ acoustic: pipe_organ church_organ reed_organ harmonium positive_organ
organ electronic: organ hammond drawbar rotary b3 farfisa
keyboard electronic: electric_piano e_piano epiano rhodes wurlitzer ep dx7 clavinet clavi clav fm_piano tine electric_grand
keyboard acoustic: piano pianoforte grand upright harpsichord clavichord spinet cembalo honky_tonk
bass acoustic: bass
synth_lead synthetic: lead pad synth saw sawtooth square sine triangle wave polysynth sweep brightness analog arp pluck
string acoustic: string
"""


def _pattern(words: str) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word).replace("_", "[ _-]?") for word in words.split())
    return re.compile(rf"(?<![a-z])(?:{alternatives})(?![a-z])")


def _kinds() -> list[tuple[str, str, re.Pattern[str]]]:
    found = []
    for line in _WORDS.strip().splitlines():
        kind, words = line.split(":")
        family, source = kind.split()
        found.append((family, source, _pattern(words)))
    return found


_KINDS = _kinds()
_ELECTRIC, _SYNTHETIC = _pattern("electric electro elec e"), _pattern("synth synthetic syn analog fm")


def family_of(name: str) -> tuple[str, str] | None:
    """NSynth's family and source ("acoustic", "electronic", "synthetic") of what people call `name`; None: no word tells.

    `name` may be a preset's, an instrument's or a folder's, in English: "Solo Trumpet 2" is brass and acoustic.
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    for family, source, words in _KINDS:
        if words.search(text):
            if family != "synth_lead" and _SYNTHETIC.search(text):
                return family, "synthetic"
            if source == "acoustic" and _ELECTRIC.search(text):
                return family, "electronic"
            return family, source
    return None
