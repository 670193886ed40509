"""The languages that a carte may be written in."""

from django.conf.locale import LANG_INFO

# ISO 639-1, whole.
TWO_LETTERS = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta
te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
# Of the thousands of ISO 639-3, those that restaurants are likely to write.
THREE_LETTERS = """
ast bar ceb ckb cmn dsb fil frp gcf gcr gsw hak haw hsb kab lad lmo mfe nan nap nds rcf rom scn sco swb tpi udm vec
wuu yue
"""
KNOWN = frozenset(f"{TWO_LETTERS} {THREE_LETTERS}".split()) | {
    code.partition("-")[0] for code in LANG_INFO
}


def is_language(code: str) -> bool:
    """Whether this is a language. What follows a hyphen, a script or a country, is not judged."""
    return code.partition("-")[0] in KNOWN
