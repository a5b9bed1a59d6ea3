"""Words that people name instruments, families, ways of playing and microphones with, in folders and file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

# Instruments by NSynth's families, in several languages and scripts, and with the abbreviations of sample libraries.
_INSTRUMENTS = {
    "bass": """bass guitar,bass guitars,e bass,ebass,electric bass,acoustic bass,synth bass,bassguitar,slap bass,fretless bass,
    e-bass,guitare basse,basse electrique,basso elettrico,bajo electrico,bajo,bass,
    бас гитара,бас-гитара,ベース,贝斯,베이스""",
    "brass": """trumpet,trumpets,trompete,trompeten,trompette,tromba,trompeta,tpt,trp,tpc,trombone,trombones,posaune,posaunen,
    tbn,btb,trb,bass trombone,tuba,tubas,bass tuba,euphonium,cornet,kornett,flugelhorn,fluegelhorn,french horn,french horns,
    f horn,horn,horns,hrn,hn,cor,corno,waldhorn,saxhorn,sousaphone,bugle,cimbasso,wagner tuba,alphorn,trompa,trombon,
    труба,трубы,валторна,валторны,тромбон,тромбоны,туба,トランペット,ホルン,トロンボーン,チューバ,小号,圆号,长号,大号,트럼펫,호른,트롬본,튜바,
    trompet,hoorn,bazuin,trumpet,trumpetti,kayratorvi,pasuuna,tuuba,trabka,rog,waltornia,puzon,trubka,lesni roh,pozoun,
    trombita,harsona,korno,trompete,bleck,basun,trąbka""",
    "flute": """flute,flutes,floete,flote,querflote,querfloete,flauto,flauta,fl,alto flute,bass flute,piccolo,picc,recorder,
    recorders,blockflote,blockfloete,pan flute,panflute,ocarina,shakuhachi,bansuri,tin whistle,whistle,quena,dizi,ney,fife,
    bottle,flute a bec,flute traversiere,
    флейта,флейты,フルート,ピッコロ,尺八,篠笛,长笛,短笛,笛子,플루트,대금,
    fluit,blokfluit,dwarsfluit,flojt,blockflojt,flojte,fløyte,fløjte,huilu,nokkahuilu,flet,fletna,fuvola,furulya,flut""",
    "guitar": """guitar,guitars,gitarre,gitarren,guitare,chitarra,guitarra,gtr,electric guitar,acoustic guitar,nylon guitar,
    e gitarre,banjo,mandolin,mandoline,mandolino,ukulele,sitar,shamisen,koto,lute,laute,oud,balalaika,bouzouki,strat,
    stratocaster,telecaster,les paul,dobro,pipa,guzheng,charango,
    гитара,балалайка,домра,ギター,箏,三味線,吉他,古筝,古琴,琵琶,기타,가야금,거문고,
    gitaar,gitarr,gitar,kitara,gitara,kytara,violao,viola caipira,guitarra eletrica,saz,baglama,oud,ud,tambura""",
    "keyboard": """piano,pianos,klavier,pianoforte,grand piano,upright piano,upright,flugel,fluegel,pno,rhodes,wurlitzer,wurli,
    electric piano,e piano,epiano,clavinet,clavichord,harpsichord,cembalo,clavecin,clavicembalo,spinet,celesta,keyboard,
    toy piano,steinway,bosendorfer,yamaha c5,fortepiano,virginal,
    фортепиано,пианино,рояль,клавесин,ピアノ,チェンバロ,钢琴,鋼琴,피아노,
    vleugel,piano à queue,klavir,fortepian,pianino,zongora,piyano,flygel,klavecimbel,cravo,klavikord""",
    "mallet": """marimba,vibraphone,vibes,vibraphon,vibrafono,xylophone,xylophon,xilofono,xylo,glockenspiel,glock,
    tubular bells,tubular bell,bells,bell,chimes,crotales,timpani,pauken,timbales,timbale,kalimba,mbira,music box,steel drum,
    steel drums,steelpan,handpan,hang,gamelan,crotale,lithophone,balafon,metallophone,singing bowl,glocke,carillon,
    маримба,ксилофон,вибрафон,колокольчики,литавры,マリンバ,シロフォン,ビブラフォン,ティンパニ,马林巴,木琴,定音鼓,마림바,실로폰,팀파니,
    klokkenspel,buisklokken,pauk,klockspel,ksylofon,wibrafon,marimbafon,patarumpu,kotly,kellot,cimbalom""",
    "organ": """organ,organs,orgel,orgue,organo,church organ,pipe organ,hammond,hammond organ,pump organ,reed organ,
    орган,オルガン,管风琴,오르간,
    urut,organy,varhany,orgona,orgao,kerkorgel""",
    "reed": """clarinet,clarinets,klarinette,klarinetten,clarinette,clarinetto,clarinete,cl,clbb,bbclar,ebclar,bassclar,
    bass clarinet,clar,oboe,oboes,hautbois,ob,english horn,cor anglais,englischhorn,corno inglese,eh,oboe d amore,bassoon,
    bassoons,fagott,basson,fagotto,fagot,bn,bsn,contrabassoon,kontrafagott,saxophone,saxophones,saxophon,sassofono,saxofon,
    sax,saxes,asax,tsax,bsax,ssax,alto sax,altosax,tenor sax,tenorsax,soprano sax,sopsax,baritone sax,barisax,accordion,
    akkordeon,accordeon,fisarmonica,acordeon,acc,bandoneon,concertina,harmonica,mundharmonika,harmonium,melodica,bagpipe,
    bagpipes,dudelsack,duduk,crumhorn,chalumeau,basset horn,shehnai,shawm,sheng,
    кларнет,кларнеты,гобой,гобои,фагот,фаготы,саксофон,аккордеон,баян,クラリネット,オーボエ,ファゴット,サックス,サクソフォン,アコーディオン,笙,
    单簧管,双簧管,巴松,萨克斯,手风琴,클라리넷,오보에,바순,색소폰,
    hobo,althobo,klarinet,klarinett,klarinetti,obo,oboa,hoboj,oboj,klarnet,fagott,fagotti,fagote,fagocik,saksofon,
    saksofoni,saxofoon,szaxofon,zurna,mey,dragspel,harmonikka,haitari,akordeon,trekkspill,tangoharmonika""",
    "string": """violin,violins,violine,violinen,violon,violons,violino,violini,geige,geigen,vln,vn,vl,vno,fiddle,viola,violas,
    viole,bratsche,bratschen,alto violin,vla,va,cello,celli,cellos,violoncello,violoncelle,violonchelo,vlc,vc,vcl,
    double bass,double basses,doublebass,contrabass,contrabasses,contrebasse,contrebasses,kontrabass,contrabbasso,
    contrabajo,string bass,upright bass,cb,db,kb,harp,harps,harfe,harpe,arpa,hp,viola da gamba,gamba,gambe,erhu,hurdy gurdy,
    string ensemble,dulcimer,hackbrett,zither,psaltery,nyckelharpa,violons 1,violons 2,
    скрипка,скрипки,альт,альты,виолончель,виолончели,контрабас,контрабасы,арфа,バイオリン,ヴァイオリン,ビオラ,ヴィオラ,チェロ,
    コントラバス,ハープ,小提琴,中提琴,大提琴,低音提琴,竖琴,二胡,바이올린,비올라,첼로,콘트라베이스,하프,해금,
    viool,violen,altviool,contrabas,fiol,fioler,altfiol,kontrabas,fiolin,bratsj,viulu,viulut,alttoviulu,sello,sellot,
    kontrabasso,skrzypce,altowka,altówka,wiolonczela,harfa,housle,kontrabass,hegedu,hegedű,bracsa,brácsa,csello,nagybogo,
    nagybőgő,keman,viyola,çello,kontrbas,violoncelo,contrabaixo,harpa,hárfa,kantele,fele""",
    "synth_lead": "synth lead,synthesizer,synth,lead synth,saw lead,square lead,juno,minimoog,moog,prophet",
    "vocal": """voice,voices,vocal,vocals,stimme,stimmen,voix,voce,voci,voz,choir,chor,choeur,coro,singer,singing,soprano voice,
    tenor voice,sopran,female voice,male voice,boys choir,aahs,oohs,gesang,
    голос,голоса,хор,声,合唱,人声,목소리,합창,
    zang,koor,röst,kör,sang,kor,laulu,kuoro,głos,chór,hlas,sbor,ének,kórus,koro,coral,canto""",
}
_FAMILIES = """strings,string,bowed strings,plucked strings,streicher,saiteninstrumente,cordes,corde,archi,cuerdas,cuerda,cordas,
bowed,plucked,stringed,brass,brasses,brass instruments,blech,blechblaser,blechblaeser,cuivres,cuivre,ottoni,metales,metais,
woodwind,woodwinds,wood,woods,winds,wind,holz,holzblaser,holzblaeser,blaser,blaeser,bois,vents,legni,fiati,maderas,madeiras,
vientos,reeds,reed,flutes,percussion,percussions,perc,pitched percussion,tuned percussion,unpitched percussion,schlagwerk,
schlagzeug,percussioni,percusion,drums,drum,mallets,mallet,keys,keyboards,keyboard,tasten,tasteninstrumente,claviers,tastiere,
teclados,guitars,guitar,basses,bass,organs,organ,vocals,vocal,voices,choirs,synths,synth,synth lead,synth_lead,pianos,
aerophones,chordophones,idiophones,membranophones,electrophones,aerophone,chordophone,idiophone,membranophone,
orchestral strings,solo strings,string section,brass section,saxophones,horns,bells,zupfinstrumente,plucked string,leads,pads,
струнные,духовые,деревянные духовые,медные духовые,деревянные,медные,ударные,клавишные,
strijkers,strijkinstrumenten,koper,koperblazers,hout,houtblazers,blazers,slagwerk,toetsen,tokkelinstrumenten,strakar,stråkar,
traeblas,träblås,blås,slagverk,klaviatur,strykere,treblås,messing,jouset,jousisoittimet,puupuhaltimet,vasket,vaskipuhaltimet,
lyomasoittimet,koskettimet,smyczkowe,smyczki,dete,dęte,dete drewniane,dete blaszane,
perkusja,klawisze,smycce,drevene,zeste,zestove,
vonosok,vonósok,fafuvosok,fafúvósok,rezfuvosok,rézfúvósok,utosok,yaylilar,yaylılar,nefesliler,vurmalilar,vurmalılar,
sopros,percussao,
percussão,teclas,弦楽器,管楽器,木管楽器,金管楽器,
木管,金管,打楽器,鍵盤楽器,弦乐,弦乐器,木管乐器,铜管,铜管乐器,打击乐,键盘,현악기,목관악기,금관악기,타악기,건반악기"""
_PLAYING = """sus,sust,sustain,sustained,susvib,sus vib,susnv,sus nv,long,longs,short,shorts,arco,arco normal,pizz,pizzicato,piz,
bartok,bartok pizz,snap pizz,stac,stacc,staccato,stacs,spic,spicc,spiccato,staccatissimo,sautille,legato,leg,marcato,marc,
martele,detache,tenuto,portato,portamento,trem,tremolo,tremolos,trill,trills,tr,vib,vibrato,nonvib,non vib,nonvibrato,
non vibrato,novib,no vib,nv,senza vibrato,molto vibrato,mvib,exp,exp vib,expvib,expressivo,espressivo,normal,norm,normale,
ord,ordinario,ordinary,natural,standard,regular,open,mute,muted,mutes,con sord,con sordino,consord,sordino,sord,senza sord,
straight mute,cup mute,harmon,harmon mute,stopped,brassy,cuivre sound,sul pont,sul ponticello,sulpont,sul tasto,flautando,
col legno,col legno battuto,collegno,harmonics,harmonic,harm,flageolet,flag,flutter,fluttertongue,flutter tongue,flatterzunge,
flz,frullato,growl,slap,slap tongue,key click,keyclick,keyclicks,breath,gliss,glissando,glissandi,fall,falls,doit,rip,scoop,
bend,bends,release,releases,rel,rel trig,keyoff,key off,noteoff,note off,attack,attacks,hit,hits,strike,struck,bow,bowed,
stroke,strokes,roll,rolls,swell,swells,cresc,crescendo,decresc,fp,sfz,accent,accents,acc stac,single,singles,down,up,downbow,
upbow,down bow,up bow,palm mute,palm muted,pm,fingered,finger,picked,pick,thumb,plectrum,ring,ringing,damped,damp,undamped,
let ring,lv,secco,soft mallet,hard mallet,soft mallets,hard mallets,medium mallet,felt,yarn,rubber,brush,brushes,stick,sticks,
gestrichen,gezupft,gestossen,gebunden,gehalten,kurz,lang,ohne vibrato,mit vibrato,gedampft,tenu,tenus,pince,pincé,lie,detaché,
jete,ricochet,balance,ponticello,tasto,legno,solo,ensemble,tutti,section,articulation,layer,layers,notes,single notes,
kort,korta,langt,kestava,pitka,pitkä,lyhyt,dlugie,długie,krotkie,krótkie,dlouhe,kratke,bouche,bouché,sourdine,avec sourdine,
sans sourdine,tenue,tenues,court,courte,courts,longue,longues,archet,pincees,pincées,largo,larga,corto,corta,sordina,con sordina,
sin sordina,breve,brevi,lungo,lunga,corti,lunghi,longo,longa,curto,curta,com surdina,gestreken,getokkeld,geplukt,strake,stråke,
арко,пиццикато,легато,стаккато,тремоло,сурдина,アルコ,ピチカート,ピッツィカート,レガート,スタッカート,トレモロ,
ロング,ショート,ミュート,サステイン,サスティン,スピッカート,マルカート,ハーモニクス,グリッサンド,トリル,ノーマル,
拨奏,拉奏,连奏,断奏,颤音,长音,短音,跳弓,滑音,弱音,泛音,피치카토,레가토,스타카토,트레몰로,서스테인,
маркато,спиккато,флажолет,флажолеты,длинные,короткие,глиссандо,трель,деташе,
sostenido,pizzicatos,pedal,pedal on,pedal off,pedalon,pedaloff,no pedal,
looped,loop,loops,oneshot,one shot,dry,wet,main notes,noise,noises"""
_TECHNICAL = """audio,wav,wave,wavs,flac,mp3,ogg,aif,aiff,samples,sample,sounds,sound,recordings,recording,rec,recs,data,dataset,
files,raw,edited,processed,normalized,normalised,trimmed,cut,mono,stereo,left,right,l,r,close,near,mid,middle,main,far,room,
hall,ambient,amb,surround,overhead,oh,outrigger,outriggers,decca,spot,spots,tree,mains,ribbon,condenser,mic,mics,
microphone,microphones,di,amp,mix,mixed,stage,contact,
binaural,xy,ms,ab,ortf,44,48,96,16bit,24bit,32bit,44100,48000,96000,44k,48k,44 1,16 bit,24 bit,new,old,misc,all,export,exports"""
_STOP = {
    "note",
    "notes",
    "sample",
    "samples",
    "audio",
    "sound",
    "rec",
    "take",
    "track",
    "file",
    "wav",
    "vel",
    "velo",
    "velocity",
    "dyn",
    "layer",
    "key",
    "midi",
    "pitch",
    "octave",
    "oct",
    "root",
    "zone",
    "untitled",
    "img",
    "copy",
    "final",
    "edit",
    "bounce",
    "master",
}

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z]{2})|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"[\W_]+")
_SOURCES = ("acoustic", "electronic", "synthetic")
_NUMBER = re.compile(r"[a-z]{0,2}\d{3}")  # of an instrument of NSynth's, or of the starter library's: gm032


def _split(text: str) -> frozenset[str]:
    return frozenset(plain_words(word) for word in text.split(",") if word.strip())


def plain_words(text: str) -> str:
    """Words in lower case without accents, a blank between two: `MOHorn_sus` is `mo horn sus`."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return _APART.sub(" ", _CAMEL.sub(" ", plain).lower()).strip()


_FAMILY_OF = {word: family for family, words in _INSTRUMENTS.items() for word in _split(words)}
_LONGEST = max(word.count(" ") + 1 for word in _FAMILY_OF)
FAMILY_WORDS = _split(_FAMILIES)
PLAYING = _split(_PLAYING)
TECHNICAL = _split(_TECHNICAL)


@lru_cache(maxsize=8192)
def family_of(text: str) -> str:
    """The NSynth family of the instrument that a name means; empty where it is none that is known.

    The longest words count first (`bass clarinet`), then the last (`bass trombone`, `piano accordion`).
    """
    joined = _APART.sub(" ", unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()).strip()
    for words in dict.fromkeys((plain_words(text), joined)):
        parts = [part for part in words.split() if not part.isdecimal()]
        for size in range(min(_LONGEST, len(parts)), 0, -1):
            for first in range(len(parts) - size, -1, -1):
                family = _FAMILY_OF.get(" ".join(parts[first : first + size]))
                if family:
                    return family
    return ""


@lru_cache(maxsize=65536)
def is_family(text: str) -> bool:
    """Whether a folder's name is that of a family or section of instruments."""
    words = re.sub(r"^[0-9 ]+|[0-9 ]+$", "", plain_words(text))
    return words in FAMILY_WORDS


def family_like(name: str, known: Iterable[str]) -> str:
    """The one of the `known` families that is meant by `name`: itself, or one that differs in capitals, accents, hyphens or a
    plural alone, so that `Strings` are the map's `string`; empty where there is none."""
    families = list(known)
    if name in families:
        return name
    return {_family_key(family): family for family in families}.get(_family_key(name), "")


def _family_key(name: str) -> str:
    words = plain_words(name).split()
    return " ".join(word[:-1] if re.search("[^s]s$", word) and len(word) > 3 else word for word in words) or name


@lru_cache(maxsize=65536)
def is_playing(text: str) -> bool:
    """Whether a name is a way of playing: every part of it is."""
    return _all_in(text, PLAYING)


@lru_cache(maxsize=65536)
def is_technical(text: str) -> bool:
    """Whether a name says how something was recorded or stored, or counts takes, rather than what it is."""
    parts = plain_words(text).split()
    return not parts or all(
        part.isdecimal() or part in TECHNICAL or part in ("rr", "take", "t", "v", "kr") for part in parts
    )


@lru_cache(maxsize=65536)
def is_stop_word(text: str) -> bool:
    """Whether a word in a file's name says nothing: `note`, `sample`, `take`."""
    return plain_words(text) in _STOP or plain_words(text) in TECHNICAL


def _all_in(text: str, words: frozenset[str]) -> bool:
    parts = [part for part in plain_words(text).split() if not part.isdecimal()]
    if not parts:
        return False
    if " ".join(parts) in words or "".join(parts) in words:
        return True
    return all(part in words for part in parts)


def source_and_number(columns: Sequence[Sequence[str]], family: int) -> list[int]:
    """The places of names' parts that, behind the one of a family, make an instrument's name as NSynth has it
    (`bass_synthetic_033`): a source and a number of three digits, which tells instruments apart and counts no takes."""
    places = [family + 1, family + 2]
    if places[-1] >= len(columns):
        return []
    said = all(part in _SOURCES for part in columns[places[0]])
    return places if said and all(map(_NUMBER.fullmatch, columns[places[1]])) else []


def source_in(instrument: str) -> str:
    """The source that an instrument's name says as NSynth's do; empty where it says none."""
    return next((word for word in _SOURCES if f"_{word}_" in instrument), "")
