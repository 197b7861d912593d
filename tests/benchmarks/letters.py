"""Makes ``letters.txt``: how often letters follow each other in many languages, counted in Unicode's CLDR.

CLDR's names of countries, languages, cities, currencies and months are what short tables hold, and come with Babel,
which JupyterLab's server needs anyway. ``python -m tests.benchmarks.letters`` writes the file anew.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel import Locale

ALPHABETS = {
    **{"en": "", "de": "äöüß", "fr": "àâæçèéêëîïôœùûüÿ", "es": "áéíñóúü", "ca": "àçèéíïòóúü·", "pt": "áàâãçéêíóôõúü"},
    **{"it": "àèéìòù", "nl": "éëïèöü", "sv": "åäöé", "da": "æøåé", "nb": "æøåéòô", "fi": "åäöšž", "is": "áðéíóúýþæö"},
    **{
        "fo": "áðíóúýæø",
        "ga": "áéíóú",
        "cy": "âêîôûŵŷáäëïöẅ",
        "sq": "çë",
        "eu": "ñç",
        "gl": "áéíñóúüï",
        "et": "äöõüšž",
    },
    **{"pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű", "hr": "čćđšž"},
    **{"sl": "čšž", "ro": "ăâîșțşţ", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "tr": "çğıöşüâî", "az": "çəğıöşü"},
    **{"vi": "", "mt": "àèìòùċġħż", "eo": "ĉĝĥĵŝŭ"},
    **{"ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"},
    **{"be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "bg": "абвгдежзийклмнопрстуфхцчшщъьюя"},
    **{"sr": "абвгдђежзијклљмнњопрстћуфхцчџш", "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш"},
    **{"kk": "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя", "el": "", "he": "", "ar": "", "fa": "", "ur": "", "th": ""},
    **{"zh": "", "zh_Hant": "", "ja": "", "ko": ""},
}
"""The letters of each language beyond a to z: a name with others is foreign. Empty where the script says enough."""
LANGUAGES = tuple(ALPHABETS)
EVERYDAY = {
    "de": "für über können müssen während Bürger Straßen große größte Käufer Verkäufer täglich jährlich Stück Grüße "
    "schön Jäger Schäfer Bäcker Köhler König Böhm Günther Krüger Groß Fuß weiß heiß außer Köln Zürich Nürnberg Tür",
    "fr": "été déjà première dernière après très même être élève société année numéro prénom adresse français hôtel "
    "hôpital forêt château gâteau leçon garçon reçu façade où là voilà André René Éric Gérard Stéphane Cécile Hervé",
    "es": "año años niño señor señora mañana España español también aquí día días número teléfono dirección "
    "población "
    "región país razón sábado código categoría González Rodríguez Pérez Sánchez Gómez Martín Díaz Hernández "
    "José María",
    "pt": "não são então população região informação preço endereço código número você três mês país saúde água "
    "município José António João Gonçalves Araújo Conceição Mário Sérgio também até já só avó irmã manhã ações",
    "it": "è più già così perché città società università qualità quantità attività lunedì venerdì caffè però può sarà",
    "sv": "för är från på när där här också många människor år månad dag vägen skön kön ålder kvinnor län kommun "
    "Växel växt Bäck Sjö sjön Åke Åberg Öberg Lindström Bergström Söder Norrköping Linköping Gävleborg Ström "
    "björk höger",
    "da": "på år måned også første København Sønder Nørre Øster Vester bør børn kød brød hænder mænd læge næste søn "
    "søndag møde Jørgensen Sørensen Kjær Møller Ærø Århus Ålborg være blå små større",
    "nb": "på år måned også første søndag lørdag Tromsø Ålesund Bodø Bærum Østfold Sør Trøndelag Bjørn Håkon gård "
    "være små større blå brød næring",
    "fi": "päivä tämä mitä missä myös hyvä äiti isä työ yö käyttö määrä väri kylä järvi mäki mäkinen pää löytö "
    "tekijä "
    "Hämeenlinna Jyväskylä Jäätelö yhteensä öljy tärkeä syyskuu sähkö",
    "is": "ár það við mánuður fjöldi staður nafn verð þessi maður börn hús götur bær Jón Björn Sigurður Guðmundur",
    "pl": "się jest być może będzie również także miasto województwo ilość wartość źródło życie książka piękny "
    "święto "
    "dzień miesiąc wrzesień październik środa piątek główny żółty Łukasz Stanisław Michał Józef Wiśniewski Dąbrowski "
    "Kamiński Kowalczyk Zieliński Szymański Woźniak Kozłowski Poznań Wrocław Toruń Białystok Rzeszów Gdańsk Łódź",
    "cs": "není být může také příští město částka počet množství jméno příjmení rok měsíc den čtvrtek pátek "
    "září říjen "
    "únor březen květen červen Brno Plzeň Děčín Třebíč Žďár Novák Dvořák Černý Procházka Kučera Veselý Horák Němec "
    "Růžička Beneš Fiala Sedláček Doležal Tomáš Jiří František Václav Zdeněk Lukáš Kateřina Lenka žena děti kůň",
    "sk": "nie byť môže tiež mesto počet množstvo meno priezvisko mesiac deň štvrtok piatok október Žilina Košice "
    "Kováč Horváth Varga Tóth Nagy Baláž Molnár Ján Jozef Štefan Ľubomír Ľudovít kôň vôľa",
    "hu": "és nem lehet város ár összeg mennyiség név vezetéknév hónap nap hétfő csütörtök szerda február szeptember "
    "Győr Győző Szabó Tóth Nagy Kovács Horváth Kiss Németh Szőke Szűcs Gáspár László István József Zoltán "
    "Gergő Erzsébet "
    "Őri Ödön fű gyűjtő gyűrű fűtés műszer működés hűtő tűz sűrű szűrő egyesület főváros erdő idő nő vevő "
    "eladó Űr szűk",
    "hr": "nije biti može također grad količina iznos ime mjesec srijeda četvrtak siječanj veljača ožujak travanj "
    "svibanj lipanj srpanj kolovoz rujan Šibenik Požega Đakovo Horvat Kovačević Babić Marić Jurić Novak "
    "Knežević Vuković "
    "Đurić Đorđe Anđelko Božić Župan Žarko Čedo",
    "sl": "ni biti lahko tudi mesto količina znesek ime mesec sreda četrtek junij julij Črnomelj Žalec Škofja Kovačič",
    "ro": "și în să este poate oraș județ preț cantitate nume lună marți miercuri București Iași Timișoara Constanța "
    "Galați Brașov Ploiești Brăila Bacău Pitești Ștefan Țăran Mureșan Rădulescu Târgoviște Târnăveni câine "
    "mâine fără",
    "lt": "ir yra gali taip pat miestas kiekis suma vardas pavardė mėnuo šeštadienis gruodis rugsėjis Šiauliai "
    "Panevėžys Alytus Žukauskas Jankauskas Petrauskas Butkus Vytė Rūta Jūratė Šarūnas Ąžuolas žmonės ežeras",
    "lv": "ir nav var būt arī pilsēta skaits summa vārds uzvārds mēnesis pirmdiena jūlijs Rēzekne Jūrmala Bērziņš "
    "Kalniņš Ozoliņš Liepiņš Krūmiņš Jānis Pēteris Māris Ģirts Ķekava Ļubova šķirne",
    "et": "on ei või ka linn kogus summa nimi perekonnanimi kuu märts jõulud Tõnis Jüri Kärt Õnne Põlva Võru Jõhvi "
    "Rõuge mõis põllu õpetaja töö öö sõber sõit kõik mõni päev",
    "tr": "ve bir için değil çok daha şehir il ilçe sayı tutar fiyat ad soyad ay gün pazartesi salı çarşamba "
    "perşembe "
    "şubat ağustos eylül kasım aralık Diyarbakır Muş Ağrı Kırşehir Kırıkkale Iğdır Balıkesir Çanakkale Yılmaz Şahin "
    "Çelik Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özkan Şimşek Ayşe Gülşen "
    "Işık Uğur",
    "ru": "что это как или есть был при для город сумма количество цена имя фамилия отчество дата адрес "
    "телефон улица "
    "область район рубль товар заказ оплата доставка менеджер Иванов Петров Сидоров Кузнецов Смирнов Попов Соколов "
    "Михайлов Федоров Фёдор Алексей Дмитрий Андрей Екатерина Юлия Ярослав Яковлев Щербаков Ёлка объект подъезд съезд "
    "понедельник вторник среда четверг пятница суббота воскресенье Новосибирск Екатеринбург Казань Самара Уфа Пермь",
    "uk": "що це як або є був при для місто сума кількість ціна ім'я прізвище вулиця область район гривня товар "
    "Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Їжак Ґанок Євген Юрій Сергій понеділок п'ятниця",
    "bg": "това как или има беше при за град сума количество цена име фамилия дата адрес улица област Иванов Петров "
    "Георгиев Димитров Ангелов Йордан Ружа Цветан Щерев Търговище Кърджали Гълъбово вторник сряда петък събота",
    "el": "και είναι για το την της πόλη ποσό ποσότητα τιμή όνομα επώνυμο ημερομηνία διεύθυνση Γιάννης "
    "Δημήτρης Μαρία "
    "Κώστας Παπαδάκης Γεωργίου Δευτέρα Τρίτη Ιούλιος Λάρισα Καβάλα Ρόδος Κέρκυρα",
    "he": "של את על לא הוא עיר סכום כמות מחיר שם משפחה תאריך כתובת רחוב דוד יוסף אברהם לוי כהן מזרחי פרץ ביטון",
    "ar": "من في على إلى هذا مدينة المبلغ الكمية السعر الاسم العنوان التاريخ محمد أحمد علي حسن خالد عبد الله فاطمة",
    "th": "และ ที่ เป็น ของ ใน เมือง จำนวน ราคา ชื่อ นามสกุล วันที่ ที่อยู่ สมชาย สมหญิง ประเทศ ถนน บริษัท",
    "vi": "và là của trong thành phố số lượng giá tên họ ngày địa chỉ đường Nguyễn Trần Lê Phạm Huỳnh Hoàng Vũ Đặng",
}
"""Words of everyday tables, which names of countries and cities do not teach."""
SCRIPTS = {
    **dict.fromkeys(["ru", "uk", "be", "bg", "sr", "mk", "kk"], "CYRILLIC"),
    **dict.fromkeys(["ar", "fa", "ur"], "ARABIC"),
    **{"el": "GREEK", "he": "HEBREW", "th": "THAI", "zh": "CJK", "zh_Hant": "CJK"},
    **{"ja": "CJK HIRAGANA KATAKANA KATAKANA-HIRAGANA", "ko": "HANGUL"},
}
"""The scripts whose letters count, where they are not Latin: CLDR leaves names untranslated here and there."""
IDEOGRAMS = frozenset({"zh", "zh_Hant", "ja", "ko"})
TARGET = Path(__file__).parent.parent.parent / "csvagent_jupyter" / "tables" / "inside" / "encoding" / "letters.txt"
TONES = "\u0300\u0301\u0303\u0309\u0323"


def names(language: str) -> Iterator[str]:
    """Yield the names CLDR has in a language."""
    locale = Locale.parse(language)
    for names_of in (locale.territories, locale.languages, locale.scripts, locale.currencies):
        yield from names_of.values()
    for zone in locale.time_zones.values():
        yield from (name for key, name in zone.items() if key == "city")
    yield EVERYDAY.get(language, "")
    for periods in (locale.months, locale.days):
        for widths in periods.values():
            yield from (str(name) for name in widths["wide"].values())


def words(language: str) -> set[str]:
    """Return the distinct words in lower case; Vietnamese both composed and with tones as letters of their own."""
    found: set[str] = set()
    own = SCRIPTS.get(language, "LATIN")
    for name in names(language):
        kept = "".join(
            letter if _part_of(own, letter) else " " for letter in unicodedata.normalize("NFC", name).lower()
        )
        found.update(word for word in kept.split() if _own(word, language))
    if language == "vi":
        found |= {toned(word) for word in found}
    if language == "ro":
        found |= {word.translate(str.maketrans("șț", "şţ")) for word in found}
    return found


def toned(word: str) -> str:
    """Return a word with its tone marks as letters of their own."""
    made = []
    for letter in word:
        whole = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(mark for mark in whole if mark not in TONES))
        made.append(base + "".join(mark for mark in whole if mark in TONES))
    return "".join(made)


def pairs(language: str) -> Counter[str]:
    """Count the pairs of letters in a language's words, a space standing for a word's edge."""
    counted: Counter[str] = Counter()
    for word in words(language):
        if language in IDEOGRAMS:
            counted.update(letter for letter in word if letter > "\u2fff")
        else:
            edged = f" {word} "
            counted.update(edged[place : place + 2] for place in range(len(edged) - 1))
    return counted


def line(language: str) -> str:
    """Return a language's line: groups of pairs of about the same count, from the rarest (1, 2-3, 4-7, …) on."""
    groups: dict[int, list[str]] = {}
    for pair, count in pairs(language).items():
        groups.setdefault(count.bit_length() - 1, []).append(pair)
    texts = ["".join(sorted(groups.get(level, []))) for level in range(max(groups) + 1)]
    return "\t".join([language, *texts])


def _own(word: str, language: str) -> bool:
    own = ALPHABETS[language]
    if language == "en":
        return word.isascii()
    return not own or all(letter < "\x80" or letter in own for letter in word)


def _part_of(scripts: str, letter: str) -> bool:
    if unicodedata.category(letter)[0] not in "LM":
        return False
    script = unicodedata.name(letter, "").split(" ")[0]
    return script in scripts.split() or script == "COMBINING"


if __name__ == "__main__":
    TARGET.write_text("\n".join(map(line, LANGUAGES)) + "\n", encoding="utf-8")
