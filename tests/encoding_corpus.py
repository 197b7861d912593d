"""Tables in many languages, each in every code page that can hold it: what the reader of encodings is measured on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

WESTERN = ("cp1252", "iso8859-1", "iso8859-15", "cp850", "mac_roman")
CENTRAL = ("cp1250", "iso8859-2", "cp852", "mac_latin2")
BALTIC = ("cp1257", "iso8859-13", "iso8859-4", "cp775")
CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859-5", "mac_cyrillic", "cp855")
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")

PAGES: dict[str, tuple[str, ...]] = {
    "ru": CYRILLIC,
    "uk": ("cp1251", "koi8_u", "cp1125", "iso8859-5", "mac_cyrillic"),
    "bg": ("cp1251", "iso8859-5", "cp866", "mac_cyrillic"),
    "sr": ("cp1251", "iso8859-5", "mac_cyrillic", "cp855"),
    "de": (*WESTERN, "cp437"),
    "fr": (*WESTERN, "cp437"),
    "es": (*WESTERN, "cp437"),
    "pt": (*WESTERN, "cp860"),
    "it": (*WESTERN, "cp437"),
    "sv": (*WESTERN, "cp437", "cp865"),
    "da": (*WESTERN, "cp865"),
    "fi": (*WESTERN, "cp437"),
    "is": ("cp1252", "iso8859-1", "cp861", "mac_iceland"),
    "pl": CENTRAL,
    "cs": CENTRAL,
    "hu": CENTRAL,
    "hr": CENTRAL,
    "ro": ("cp1250", "iso8859-2", "cp852"),
    "lt": BALTIC,
    "lv": BALTIC,
    "et": ("cp1257", "iso8859-13", "iso8859-15", "cp775"),
    "tr": ("cp1254", "iso8859-9", "cp857", "mac_turkish"),
    "el": ("cp1253", "iso8859-7", "cp737", "mac_greek"),
    "he": ("cp1255", "iso8859-8", "cp862"),
    "ar": ("cp1256", "iso8859-6"),
    "th": ("cp874", "iso8859-11"),
    "vi": ("cp1258",),
    "zh": ("gb18030", "gbk", "gb2312"),
    "zh_TW": ("big5", "cp950"),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "ko": ("cp949", "euc_kr"),
}
"""The code pages besides Unicode's that each language is written in."""

HEADS: dict[str, str] = {
    "ru": "Город;Сумма;Менеджер",
    "uk": "Місто;Сума;Відповідальний",
    "bg": "Град;Сума;Служител",
    "sr": "Град;Износ;Одговорни",
    "de": "Straße;Menge;Empfänger",
    "fr": "Ville;Quantité;Employé",
    "es": "Ciudad;Año;Teléfono",
    "pt": "Município;Preço;Funcionário",
    "it": "Città;Quantità;Società",
    "sv": "Län;Värde;Försäljare",
    "da": "By;Beløb;Sælger",
    "fi": "Määrä;Päivä;Myyjä",
    "is": "Staður;Verð;Fjöldi",
    "pl": "Województwo;Wartość;Ilość",
    "cs": "Město;Částka;Příjmení",
    "hu": "Város;Összeg;Ügyfél",
    "hr": "Županija;Količina;Tržište",
    "ro": "Oraș;Preț;Județ",
    "lt": "Miestas;Kiekis;Pavardė",
    "lv": "Pilsēta;Vērtība;Vārds",
    "et": "Küla;Väärtus;Müüja",
    "tr": "Şehir;Tutar;Müşteri",
    "el": "Πόλη;Ποσό;Υπάλληλος",
    "he": "עיר;סכום;לקוח",
    "ar": "المدينة;المبلغ;العميل",
    "th": "เมือง;จำนวน;ผู้ขาย",
    "vi": "Thành phố;Số lượng;Khách hàng",
    "zh": "城市;金额;客户",
    "zh_TW": "縣市;金額;客戶",
    "ja": "都市;金額;担当者",
    "ko": "도시;금액;고객",
}

NAMES: dict[str, str] = {
    "ru": "Сергей Ильин,Ольга Щукина,Тверь,Юрьев-Польский,июнь,Ёлкин Фёдор,ООО «Заря»,Наталья Жданова,Псков,октябрь",
    "uk": "Запоріжжя,Їжакевич Ганна,Чернівці,Олексій Ґудзь,вересень,Біла Церква,Євген Шульга,Тетяна Кіт,Львів,січень",
    "bg": "Велико Търново,Ангел Йорданов,Пловдив,септември,Цветелина Щерева,Стара Загора,Ружа,Кюстендил,юли,Гълъб",
    "sr": "Крагујевац,Ђорђе Вељковић,Ниш,Јасмина Љубић,новембар,Чачак,Његош,Милош Џаковић,Шабац,јун",
    "de": "Jörg Müller,Düsseldorf,März,Käthe Weiß,Göttingen,Österreich,Großküche,Lübeck,Frühjahr,Gänseblümchen",
    "fr": "Besançon,François Lefèvre,Noël,Nîmes,décembre,Chloé Château,Orléans,août,Hélène Bœuf,Île-de-France",
    "es": "Logroño,José Ibáñez,Cádiz,Begoña,miércoles,Málaga,Íñigo Núñez,León,camión,A Coruña",
    "pt": "São Paulo,João Conceição,Março,Florianópolis,Inês,Goiânia,Órgão,Três Corações,Belém,Ribeirão",
    "it": "Forlì,Nicolò,Cantù,lunedì,Società,Niccolò Papà,martedì,Cefalù,perché,Università",
    "sv": "Göteborg,Åsa Sjöström,Malmö,Växjö,lördag,Örebro,Björn Ängquist,Piteå,Gävle,söndag",
    "da": "København,Søren Kjær,Aalborg,Bjørn Ågård,lørdag,Helsingør,Næstved,Jørgen,Rødovre,Æbeltoft",
    "fi": "Jyväskylä,Päivi Hämäläinen,kesäkuu,Ääneskoski,Yrjö Mäkinen,Seinäjoki,syyskuu,Töölö,Kemijärvi,heinäkuu",
    "is": "Reykjavík,Guðrún Þorsteinsdóttir,Ísafjörður,Akureyri,þriðjudagur,Kópavogur,Ólafur Ægisson,Húsavík,"
    "júlí,Egilsstaðir",
    "pl": "Łódź,Małgorzata Wójcik,Gdańsk,październik,Żaneta Głąb,Częstochowa,Świętokrzyskie,Paweł Źrebiec,"
    "Kraków,wrzesień",
    "cs": "Plzeň,Jiří Dvořák,Ústí nad Labem,září,Šárka Říhová,Žďár,Kateřina Nováčková,Olomouc,květen,Děčín",
    "hu": "Győr,Szűcs Péter,Székesfehérvár,október,Kőszegi Ágnes,Nyíregyháza,Debrecen,Őszi Ödön,február,Pécs",
    "hr": "Šibenik,Željko Kovačić,Čakovec,ožujak,Đurđica Šimić,Požega,siječanj,Varaždin,Ivan Horvatić,Križevci",
    "ro": "Iași,Ștefan Țepeș,București,Brăila,Cătălina Răducanu,Târgu Mureș,Galați,Brașov,Ion Mânzat,Sângeorgiu",
    "lt": "Šiauliai,Žygimantas Kazlauskas,Panevėžys,rugpjūtis,Giedrė Ąžuolaitė,Klaipėda,Jūratė,rugsėjis,"
    "Mažeikiai,Utena",
    "lv": "Rīga,Jānis Bērziņš,Liepāja,decembris,Ģirts Šķēle,Jēkabpils,Kārlis Ļaudams,Ādaži,jūnijs,Cēsis",
    "et": "Pärnu,Jüri Õunapuu,Võru,Tõnu Mägi,Põltsamaa,märts,Rõõm,Hiiumaa,Kärt Lõhmus,Jõgeva",
    "tr": "İstanbul,Ayşe Yıldız,Muğla,ağustos,Çağrı Öztürk,Şanlıurfa,Eskişehir,Gülşah,Iğdır,kasım",
    "el": "Θεσσαλονίκη,Γιώργος Παπαδόπουλος,Πάτρα,Σεπτέμβριος,Ελένη,Ηράκλειο,Άννα Ξένου,Βόλος,Μάιος,Ωραιόκαστρο",
    "he": "ירושלים,משה כהן,חיפה,ינואר,שרה לוי,באר שבע,תל אביב,מרץ,אשדוד,נתניה",
    "ar": "القاهرة,محمد إبراهيم,الرياض,فبراير,فاطمة الزهراء,دمشق,يوسف,بيروت,أكتوبر,الدار البيضاء",
    "th": "เชียงใหม่,สมชาย ใจดี,ภูเก็ต,มกราคม,ขอนแก่น,อรุณ,นครราชสีมา,กรกฎาคม,สงขลา,พิษณุโลก",
    "vi": "Hà Nội,Nguyễn Văn Đức,Đà Nẵng,tháng Giêng,Hải Phòng,Trần Thị Hương,Cần Thơ,Huế,Lê Quý Đôn,Quảng Ngãi",
    "zh": "北京,王小明,上海,广州,李红,一月,深圳,成都市,张伟,重庆",
    "zh_TW": "臺北市,林志豪,高雄,陳美玲,三月,臺中,黃國華,新竹縣,花蓮,桃園",
    "ja": "東京,佐藤太郎,大阪市,三月,すずき花子,札幌,タカハシ,横浜,山田さくら,名古屋",
    "ko": "서울,김민수,부산광역시,삼월,이영희,대구,박지훈,인천,최수진,광주",
}

SENTENCES: dict[str, str] = {
    "ru": "Склад закрыт до понедельника, поэтому заказ отправим позже. Просим проверить адрес и телефон получателя! "
    "Ещё раз объясните, пожалуйста, почему цена выросла на пять процентов. Груз шёл через Челябинск.",
    "uk": "Склад зачинено до понеділка, тож замовлення надішлемо пізніше. Будь ласка, перевірте адресу й телефон. "
    "Поясніть ще раз, чому ціна зросла на п'ять відсотків. Вантаж їхав через Житомир.",
    "bg": "Складът е затворен до понеделник, затова ще изпратим поръчката по-късно. Моля, проверете адреса. "
    "Обяснете още веднъж защо цената се е повишила с пет процента. Товарът пътува през Шумен.",
    "sr": "Складиште је затворено до понедељка, па ћемо наруџбину послати касније. Молимо проверите адресу. "
    "Објасните још једном зашто је цена порасла за пет одсто. Роба је ишла преко Ужица.",
    "de": "Das Lager bleibt bis Montag geschlossen, daher schicken wir die Bestellung später. Bitte prüfen Sie die "
    "Anschrift des Empfängers. Können Sie erklären, warum die Gebühr um fünf Prozent höher ist? Größere "
    "Stückzahlen möglich.",
    "fr": "L'entrepôt est fermé jusqu'à lundi, la commande sera donc expédiée plus tard. Vérifiez l'adresse du "
    "destinataire, s'il vous plaît. Où est passée la pièce détachée ? Le reçu a été envoyé à la même société.",
    "es": "El almacén está cerrado hasta el lunes, así que enviaremos el pedido más tarde. ¿Dónde está la dirección "
    "del señor Muñoz? El año pasado la comisión subió un cinco por ciento. Según el cartón, pesó diez kilos.",
    "pt": "O armazém está fechado até segunda-feira, então enviaremos a encomenda depois. Não há informações sobre "
    "o endereço. A cotação subiu cinco por cento após a reunião. Você já verificou o número do cartão?",
    "it": "Il magazzino è chiuso fino a lunedì, perciò spediremo l'ordine più tardi. Verificate se c'è già la "
    "quantità richiesta. Perché il prezzo è salito del cinque per cento? La città è così lontana.",
    "sv": "Lagret är stängt till måndag, så vi skickar beställningen senare. Kontrollera mottagarens adress. Varför "
    "har priset stigit med fem procent? Varorna gick över Västerås på grund av snön. Många frågor återstår.",
    "da": "Lageret er lukket indtil mandag, så vi sender ordren senere. Kontrollér venligst modtagerens adresse. "
    "Hvorfor er prisen steget? Bøgerne blev kørt gennem Sønderborg på grund af sne. Spørgsmål besvares også på "
    "engelsk.",
    "fi": "Varasto on kiinni maanantaihin asti, joten lähetämme tilauksen myöhemmin. Tarkistakaa vastaanottajan "
    "osoite. Miksi hinta nousi viisi prosenttia? Kysymyksiä jäi vielä päivälle, mutta työ etenee hyvää vauhtia.",
    "is": "Vöruhúsið er lokað fram á mánudag, því sendum við pöntunina síðar. Vinsamlegast athugið heimilisfang "
    "viðtakanda. Hvers vegna hækkaði verðið um fimm prósent? Bílarnir fóru um Borgarfjörð vegna veðurs.",
    "pl": "Magazyn jest zamknięty do poniedziałku, więc zamówienie wyślemy później. Prosimy sprawdzić adres "
    "odbiorcy. Dlaczego cena wzrosła o pięć procent? Ładunek jechał przez Łowicz, ponieważ padał śnieg. "
    "Następne źródło.",
    "cs": "Sklad je zavřený do pondělí, proto objednávku pošleme později. Zkontrolujte prosím adresu příjemce. "
    "Proč se cena zvýšila o pět procent? Náklad jel přes Třebíč, protože sněžilo. Účet bude zaplacen příští týden.",
    "hu": "A raktár hétfőig zárva van, ezért a rendelést később küldjük el. Kérjük, ellenőrizze a címzett címét. "
    "Miért nőtt az ár öt százalékkal? A szállítmány Kőbányán át érkezett, mert esett a hó. Több kérdés is felmerült.",
    "hr": "Skladište je zatvoreno do ponedjeljka, pa ćemo narudžbu poslati kasnije. Provjerite adresu primatelja. "
    "Zašto je cijena porasla za pet posto? Roba je išla preko Đakova jer je padao snijeg. Sljedeća pošiljka čeka.",
    "ro": "Depozitul este închis până luni, așa că vom trimite comanda mai târziu. Vă rugăm să verificați adresa. "
    "De ce a crescut prețul cu cinci la sută? Marfa a mers prin Ploiești, fiindcă ningea. Câteva întrebări rămân.",
    "lt": "Sandėlis uždarytas iki pirmadienio, todėl užsakymą išsiųsime vėliau. Prašome patikrinti gavėjo adresą. "
    "Kodėl kaina išaugo penkiais procentais? Krovinys važiavo per Kėdainius, nes snigo. Kitą savaitę bus "
    "daugiau žinių.",
    "lv": "Noliktava ir slēgta līdz pirmdienai, tāpēc pasūtījumu nosūtīsim vēlāk. Lūdzu, pārbaudiet saņēmēja "
    "adresi. Kāpēc cena pieauga par pieciem procentiem? Krava brauca caur Ķekavu, jo sniga. Nākamnedēļ būs "
    "vairāk ziņu.",
    "et": "Ladu on esmaspäevani suletud, seetõttu saadame tellimuse hiljem. Palun kontrollige saaja aadressi. Miks "
    "hind tõusis viis protsenti? Koorem sõitis läbi Põlva, sest sadas lund. Järgmisel nädalal tuleb rohkem küsimusi.",
    "tr": "Depo pazartesiye kadar kapalı olduğundan siparişi daha sonra göndereceğiz. Lütfen alıcının adresini "
    "kontrol edin. Fiyat neden yüzde beş arttı? Kar yağdığı için yük Kütahya üzerinden geldi. İşçiler çalışıyor.",
    "el": "Η αποθήκη είναι κλειστή μέχρι τη Δευτέρα, γι' αυτό θα στείλουμε την παραγγελία αργότερα. Παρακαλούμε "
    "ελέγξτε τη διεύθυνση. Γιατί η τιμή αυξήθηκε πέντε τοις εκατό; Το φορτίο πέρασε από τη Λαμία.",
    "he": "המחסן סגור עד יום שני ולכן נשלח את ההזמנה מאוחר יותר. נא לבדוק את כתובת הנמען. מדוע עלה המחיר בחמישה "
    "אחוזים? המשלוח עבר דרך חדרה בגלל הגשם. שאלות נוספות יתקבלו בשבוע הבא.",
    "ar": "المستودع مغلق حتى يوم الاثنين لذلك سنرسل الطلب لاحقا. يرجى التحقق من عنوان المستلم. لماذا ارتفع السعر "
    "خمسة في المئة؟ مرت الشحنة عبر حلب بسبب المطر. هناك أسئلة أخرى في الأسبوع القادم.",
    "th": "คลังสินค้าปิดจนถึงวันจันทร์ เราจึงจะส่งคำสั่งซื้อภายหลัง กรุณาตรวจสอบที่อยู่ของผู้รับ "
    "ทำไมราคาจึงเพิ่มขึ้น "
    "ห้าเปอร์เซ็นต์ รถบรรทุกผ่านลำปางเพราะฝนตก",
    "vi": "Kho đóng cửa đến thứ Hai nên chúng tôi sẽ gửi đơn hàng sau. Vui lòng kiểm tra địa chỉ người nhận. Vì sao "
    "giá tăng năm phần trăm? Xe chở hàng đi qua Bắc Giang vì trời mưa.",
    "zh": "仓库星期一之前不开门,"
    "所以订单会晚一点发出。请检查收件人的地址和电话。为什么价格上涨了百分之五?货物因为下雪从郑州绕行。",
    "zh_TW": "倉庫星期一之前不開門,"
    "所以訂單會晚一點寄出。請檢查收件人的地址和電話。為什麼價格上漲了百分之五?貨物因為下雪從嘉義繞行。",
    "ja": "倉庫は月曜日まで閉まっていますので、ご注文は後日お送りします。お届け先の住所をご確認ください。なぜ価"
    "格が五パーセント上がったのですか。"
    "トラックは雪のため長野を通りました。",
    "ko": "창고는 월요일까지 닫혀 있으므로 주문은 나중에 보내 드리겠습니다. 받는 사람의 주소를 확인해 주세요. "
    "왜 가격이 오 퍼센트 올랐습니까? "
    "화물은 눈 때문에 대전을 지나갔습니다.",
}


@dataclass(frozen=True)
class Sample:
    """A table's text with what it is written in; `size` is tiny, short or long."""

    language: str
    encoding: str
    size: str
    text: str

    @property
    def data(self) -> bytes:
        return self.text.encode(self.encoding)


def writable(text: str, language: str) -> str:
    """Return the text as it is written where a code page lacks composed letters: Vietnamese tones, Romanian "
    "commas."""
    if language == "ro":
        return text.translate(str.maketrans("șȘțȚ", "şŞţŢ"))
    return vietnamese(text) if language == "vi" else text


def vietnamese(text: str) -> str:
    """Return the text with the tone marks as letters of their own, as Windows' Vietnamese code page has them."""
    import unicodedata

    tones = "\u0300\u0301\u0303\u0309\u0323"
    made = []
    for letter in text:
        whole = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in whole if mark in tones)
        made.append(unicodedata.normalize("NFC", "".join(mark for mark in whole if mark not in tones)) + tone)
    return "".join(made)


def table(language: str, size: str, seed: int) -> str:
    """Return a table: tiny has 2 names and an English head, short 6 names, long some 200 rows with words in them."""
    pick = random.Random(f"{language} {size} {seed}")
    names = NAMES[language].split(",")
    if size == "tiny":
        rows = [f"{n};{name};{pick.randint(1, 999)}" for n, name in enumerate(pick.sample(names, 2), 1)]
        return "\r\n".join(["id;name;amount", *rows]) + "\r\n"
    if size == "short":
        rows = [f"{name};{pick.randint(1, 9999)};{pick.choice(names)}" for name in pick.sample(names, 6)]
        return "\n".join([HEADS[language], *rows]) + "\n"
    words = SENTENCES[language].replace(",", "").split(" ")
    rows = [
        f'{pick.choice(names)};{pick.randint(1, 99999)};"{" ".join(pick.choices(words, k=pick.randint(2, 6)))}"'
        for _ in range(200)
    ]
    return "\n".join([HEADS[language], *rows]) + "\n"


def samples(languages: tuple[str, ...] = tuple(PAGES), seeds: int = 3) -> Iterator[Sample]:
    """Yield a table of each size in each encoding its language is written in, where all its letters exist."""
    for language in languages:
        for size in ("tiny", "short", "long"):
            for seed in range(seeds if size != "long" else 1):
                text = table(language, size, seed)
                for encoding in PAGES[language]:
                    kept = _kept(writable(text, language), encoding)
                    if not kept.isascii():
                        yield Sample(language, encoding, size, kept)


def _kept(text: str, encoding: str) -> str:
    """Return the lines that the encoding has all letters for."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if _holds(line, encoding))


def _holds(line: str, encoding: str) -> bool:
    try:
        return line.encode(encoding).decode(encoding) == line
    except UnicodeEncodeError:
        return False
