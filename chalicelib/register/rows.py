"""The processing register: what is kept about people, why, on which legal basis, how long, and who else gets it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

INACTIVE_DAYS = 730
"""An account that nobody used for so long is deleted, after the notice."""

NOTICE_DAYS = 90
"""So long before, at least, a notice must have been sent and not have bounced."""


class Text(NamedTuple):
    """One sentence or more, in each language a person may read it in."""

    en: str
    pl: str

    def read_in(self, language: str) -> str:
        return self.pl if language == "pl" else self.en


class Basis(Enum):
    """What makes the processing lawful; the values are the points of GDPR, Article 6(1)."""

    CONSENT = "a"
    CONTRACT = "b"
    LEGAL_OBLIGATION = "c"
    LEGITIMATE_INTEREST = "f"


class Until(Enum):
    """What puts an end to keeping, whatever time there is left."""

    TIME_PASSED = "time passed"
    CHANGE_MADE = "change made"
    SIGNED_OUT = "signed out"
    SHARE_ENDED = "share ended"
    PLAN_ENDED = "plan ended"
    DEVICE_REMOVED = "device removed"
    ACCOUNT_CLOSED = "account closed"
    CONSENT_WITHDRAWN = "consent withdrawn"
    OBJECTED = "objected"
    EVENT_ENDED = "event ended"
    TAX_YEAR_ENDED = "tax year ended"
    ANONYMISED = "anonymised"


class Retention(NamedTuple):
    """How long: at most `days` or `minutes` from arrival, and no later than `days_after` the `until`.

    Where the row keeps several things (a code and what it changes, three plans), the figures are the longest of
    those that have one, and the sentence tells them apart.
    """

    sentence: Text
    until: Until
    days: int | None = None
    minutes: int | None = None
    days_after: int = 0


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Row:
    """One row of the policy's table; there is one object of each, and identity is equality."""

    id: str
    title: Text
    data: Text
    purpose: Text
    basis: Basis
    kept_for: Retention
    shared_with: Text
    rights: Text
    refusal: Text

    def __repr__(self) -> str:
        return f"<Row {self.id}>"


class UnknownRow(KeyError):
    """No row of the policy has this id."""


_HOST = Text(
    "Only Amazon Web Services, on whose servers we run, in the region of your account.",
    "Wyłącznie Amazon Web Services, na którego serwerach działamy, w regionie Twojego konta.",
)
_HOST_AND_MAIL = Text(
    "Only Amazon Web Services, on whose servers we run, in the region of your account; it also sends our e-mails and "
    "text messages.",
    "Wyłącznie Amazon Web Services, na którego serwerach działamy, w regionie Twojego konta; wysyła też nasze "
    "e-maile i SMS-y.",
)
_HOST_AND_GUESTS = Text(
    "The people you share the device with, within the rights you gave them; and Amazon Web Services, on whose "
    "servers we run, in the region of your account.",
    "Osoby, którym udostępniasz urządzenie, w granicach nadanych im praw, oraz Amazon Web Services, na którego "
    "serwerach działamy, w regionie Twojego konta.",
)
_OF_CONTRACT = Text(
    "You may see it, get a copy in a machine-readable form or have it passed to another provider, correct it, have "
    "it deleted, and have its use restricted.",
    "Możesz je zobaczyć, otrzymać kopię w formie nadającej się do odczytu maszynowego albo przekazać je innemu "
    "dostawcy, a także je poprawić, usunąć i ograniczyć ich przetwarzanie.",
)
_OF_CONSENT = Text(
    "You may withdraw your consent at any time, as easily as you gave it; what was done before stays lawful. You may "
    "also see the data, get a copy in a machine-readable form or have it passed to another provider, correct it, "
    "have it deleted, and have its use restricted.",
    "Zgodę możesz wycofać w każdej chwili, równie łatwo, jak została udzielona; to, co działo się wcześniej, "
    "pozostaje zgodne z prawem. Możesz też te dane zobaczyć, otrzymać ich kopię w formie nadającej się do odczytu "
    "maszynowego albo przekazać je innemu dostawcy, poprawić je, usunąć i ograniczyć ich przetwarzanie.",
)
_OF_INTEREST = Text(
    "You may object at any time. You may also see it, get a copy, correct it, have it deleted, and have its use "
    "restricted.",
    "W każdej chwili możesz wnieść sprzeciw. Możesz też te dane zobaczyć, otrzymać ich kopię, poprawić je, usunąć i "
    "ograniczyć ich przetwarzanie.",
)
_OF_LAW = Text(
    "You may see it, get a copy, have mistakes corrected and its use restricted. The law does not let us delete it "
    "earlier: if you ask, we tell you what stays, why, and until when.",
    "Możesz te dane zobaczyć, otrzymać ich kopię, sprostować błędy i ograniczyć przetwarzanie. Wcześniej usunąć ich "
    "nie wolno nam z mocy prawa: na pytanie odpowiemy, co zostaje, dlaczego i do kiedy.",
)
_OF_PROTECTION = Text(
    "You may object, and we examine whether we can do without it; you may see it and get a copy. Single entries "
    "cannot be changed or taken out: a record that could be altered would protect nobody.",
    "Możesz wnieść sprzeciw, a my sprawdzimy, czy da się bez tych danych obejść; możesz je zobaczyć i otrzymać "
    "kopię. Pojedynczych wpisów nie można zmienić ani usunąć: zapis, który da się przerobić, nikogo by nie chronił.",
)
_ONLY_THIS = Text(
    "Only this does not happen; everything else goes on as before.",
    "Nie dojdzie tylko do tego jednego; wszystko inne działa jak dotąd.",
)

# A: bought through a marketplace.

A = Row(
    id="A",
    title=Text("Orders made on marketplaces", "Zamówienia złożone na platformach sprzedażowych"),
    data=Text(
        "The names of the buyer and of the recipient, the delivery address, the marketplace, the order number, and "
        "the products.",
        "Imię i nazwisko kupującego i odbiorcy, adres dostawy, nazwa platformy, numer zamówienia i kupione produkty.",
    ),
    purpose=Text(
        "To deliver what was bought, to reach you about the order, and to recognise your warranty later without "
        "asking for a receipt.",
        "Aby dostarczyć zakup, skontaktować się w sprawie zamówienia, a później uznać gwarancję bez proszenia o "
        "paragon.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "3 years from the order: the two in which a defect may show, and time to settle a claim made at their end.",
            "3 lata od zamówienia: dwa, w których może ujawnić się wada, i czas na załatwienie zgłoszenia z "
            "ostatniej chwili.",
        ),
        until=Until.TIME_PASSED,
        days=1095,
    ),
    shared_with=Text(
        "The carrier who brings the parcel; and Amazon Web Services, on whose servers we run. The marketplace "
        "already knows the order.",
        "Przewoźnik, który dostarcza paczkę, oraz Amazon Web Services, na którego serwerach działamy. Platforma "
        "sprzedażowa już zna zamówienie.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "An order without these data cannot be delivered. The app can be used all the same.",
        "Bez tych danych zamówienia nie da się dostarczyć. Z aplikacji można korzystać mimo to.",
    ),
)

# B: the app, the devices and the cloud.

B1A = Row(
    id="B1a",
    title=Text("Registration", "Rejestracja"),
    data=Text(
        "Your e-mail address, or your phone number if you register by phone; the country or region you choose; a "
        "nickname; a password, of which only a hash is kept; a profile picture if you like; the version of this "
        "policy you agreed to. If you sign in with Google, Apple or Facebook: the nickname and picture they pass on. "
        "Your date of birth is checked and not kept.",
        "Adres e-mail albo, przy rejestracji telefonem, numer telefonu; wybrany przez Ciebie kraj lub region; "
        "pseudonim; hasło, z którego przechowujemy tylko skrót; zdjęcie profilowe, jeśli chcesz; zaakceptowana "
        "wersja tej polityki. Przy logowaniu przez Google, Apple lub Facebook: przekazany przez nie pseudonim i "
        "zdjęcie. Datę urodzenia sprawdzamy i nie zapisujemy jej.",
    ),
    purpose=Text(
        "To open your account, to prove by a one-time code that the address is yours, to keep your data in the "
        "region of your country, and to make sure that you are 16 or older.",
        "Aby założyć konto, potwierdzić jednorazowym kodem, że adres należy do Ciebie, przechowywać dane w regionie "
        "Twojego kraju i upewnić się, że masz co najmniej 16 lat.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you close the account. A registration that nobody confirms is deleted within a day.",
            "Do zamknięcia konta. Rejestrację, której nikt nie potwierdzi, usuwamy w ciągu doby.",
        ),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=Text(
        "Amazon Web Services, on whose servers we run and which sends the code. If you sign in with another "
        "platform, that platform learns that you did.",
        "Amazon Web Services, na którego serwerach działamy i które wysyła kod. Jeśli logujesz się przez inną "
        "platformę, dowiaduje się ona o tym.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "Without an address, a country, a nickname and a password there can be no account. Leaving out the picture "
        "changes nothing.",
        "Bez adresu, kraju, pseudonimu i hasła konto nie może powstać. Brak zdjęcia niczego nie zmienia.",
    ),
)

B1B = Row(
    id="B1b",
    title=Text("Changing your details", "Zmiana danych konta"),
    data=Text(
        "The old and the new value of what you change (e-mail, phone number, country, nickname, password, picture), "
        "and for a new address a one-time code.",
        "Dotychczasowa i nowa wartość tego, co zmieniasz (e-mail, numer telefonu, kraj, pseudonim, hasło, zdjęcie), "
        "a przy nowym adresie także jednorazowy kod.",
    ),
    purpose=Text(
        "To keep your details right, and to be sure that a new address is yours before it replaces the old one.",
        "Aby Twoje dane były prawidłowe i aby nowy adres zastąpił stary dopiero wtedy, gdy wiadomo, że jest Twój.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "A code works for 10 minutes, and a change left unfinished goes with it. Once the change is made, the "
            "old value is removed from every copy.",
            "Kod działa 10 minut, a niedokończona zmiana znika razem z nim. Po dokonaniu zmiany dawna wartość jest "
            "usuwana z każdej kopii.",
        ),
        until=Until.CHANGE_MADE,
        minutes=10,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Only the change is not made; the account goes on as it is.",
        "Nie dojdzie tylko do zmiany; konto działa jak dotąd.",
    ),
)

B2 = Row(
    id="B2",
    title=Text("Signing in and using the app", "Logowanie i korzystanie z aplikacji"),
    data=Text(
        "For each phone, computer or browser you sign in with: its operating system, its model, a unique id, when it "
        "was last used, and its GPS position if you allow it to be sent; and that it has signed in before, under a "
        "keyed hash of its unique id. If you set up a second factor: the secret that your authenticator app knows, the "
        "public keys of your passkeys, what you call them and when they were used, keyed hashes of your recovery "
        "codes. Your IP address goes into the API log only (row LOG).",
        "O każdym telefonie, komputerze lub przeglądarce, z których się logujesz: system operacyjny, model, "
        "niepowtarzalny identyfikator, czas ostatniego użycia oraz położenie GPS, jeśli pozwolisz je wysłać; a także "
        "to, że logowano się z niego wcześniej, pod skrótem identyfikatora utworzonym za pomocą klucza. Jeśli "
        "skonfigurujesz drugi składnik: sekret znany Twojej aplikacji uwierzytelniającej, publiczne klucze Twoich "
        "kluczy dostępu, ich nazwy i czas użycia, skróty Twoich kodów zapasowych utworzone za pomocą klucza. Adres IP "
        "trafia tylko do dziennika API (wiersz LOG).",
    ),
    purpose=Text(
        "To keep you signed in, to show you where you are signed in so that you can end it, to warn you of a "
        "sign-in you may not know of, to let you in where you signed in before while others try passwords, and to "
        "let nobody in by your password alone, if you want that.",
        "Aby utrzymać Twoje logowanie, pokazać, gdzie trwa, i pozwolić je zakończyć, ostrzec o logowaniu, o którym "
        "możesz nie wiedzieć, wpuścić Cię tam, gdzie już się logowano, gdy inni próbują haseł, oraz, jeśli tego "
        "chcesz, nie wpuszczać nikogo, kto zna samo hasło.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you sign out there or close the account; a session nobody uses ends by itself. That a terminal "
            "has signed in before: until twenty others have since, or you close the account. A second factor: until "
            "you remove it, or close the account.",
            "Do wylogowania na danym urządzeniu lub zamknięcia konta; nieużywana sesja kończy się sama. To, że z "
            "urządzenia logowano się wcześniej: do zalogowania się z dwudziestu innych lub zamknięcia konta. Drugi "
            "składnik: do jego usunięcia lub zamknięcia konta.",
        ),
        until=Until.SIGNED_OUT,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Without a terminal's details nobody can be signed in safely. Refusing the GPS position changes nothing.",
        "Bez danych o urządzeniu nie da się bezpiecznie zalogować. Odmowa podania położenia GPS niczego nie zmienia.",
    ),
)

B3 = Row(
    id="B3",
    title=Text("Adding a device", "Dodawanie urządzenia"),
    data=Text(
        "Serial number, model, Wi-Fi information, the device's name and password (encrypted), time zone, and whether "
        "daylight saving time is on.",
        "Numer seryjny, model, informacje o sieci Wi-Fi, nazwa i hasło urządzenia (zaszyfrowane), strefa czasowa "
        "oraz to, czy obowiązuje czas letni.",
    ),
    purpose=Text(
        "To bind the device to your account and to no other, to connect it, and to show its times as your clock "
        "shows them.",
        "Aby przypisać urządzenie do Twojego konta i do żadnego innego, połączyć je z siecią i pokazywać godziny "
        "zgodnie z Twoim zegarem.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you remove the device, hand it over or close the account.",
            "Do usunięcia urządzenia, przekazania go komuś lub zamknięcia konta.",
        ),
        until=Until.DEVICE_REMOVED,
    ),
    shared_with=_HOST,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Only this device is not added; everything else goes on as before.",
        "Nie dodamy tylko tego urządzenia; wszystko inne działa jak dotąd.",
    ),
)

B4 = Row(
    id="B4",
    title=Text("Live view", "Podgląd na żywo"),
    data=Text(
        "Serial number, the device's IP address and port, and the video itself.",
        "Numer seryjny, adres IP i port urządzenia oraz sam obraz.",
    ),
    purpose=Text(
        "To show you, and those you allow, what the camera sees now.",
        "Aby pokazać Tobie i osobom, którym na to pozwolisz, co kamera widzi w tej chwili.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "The video passes in short pieces, and nothing of it remains 60 minutes later. The address and port stay "
            "until the device reports others or is removed.",
            "Obraz przepływa w krótkich fragmentach, z których po 60 minutach nic nie zostaje. Adres i port "
            "pozostają, dopóki urządzenie nie zgłosi innych albo nie zostanie usunięte.",
        ),
        until=Until.DEVICE_REMOVED,
        minutes=60,
    ),
    shared_with=_HOST_AND_GUESTS,
    rights=_OF_CONTRACT,
    refusal=_ONLY_THIS,
)

B5 = Row(
    id="B5",
    title=Text("Playback and history of recordings", "Odtwarzanie i historia nagrań"),
    data=Text(
        "Serial number, channel, and the times and storage paths of the recording files.",
        "Numer seryjny, kanał oraz godziny i ścieżki plików z nagraniami.",
    ),
    purpose=Text(
        "To let you find, play, download and delete your recordings.",
        "Aby umożliwić wyszukiwanie, odtwarzanie, pobieranie i usuwanie nagrań.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "As long as the recording: the 3, 7 or 30 days of the plan, and never more than 7 days after the plan's "
            "end.",
            "Tak długo jak nagranie: 3, 7 lub 30 dni zależnie od planu i nigdy dłużej niż 7 dni po zakończeniu planu.",
        ),
        until=Until.PLAN_ENDED,
        days=30,
        days_after=7,
    ),
    shared_with=_HOST_AND_GUESTS,
    rights=_OF_CONTRACT,
    refusal=_ONLY_THIS,
)

B6 = Row(
    id="B6",
    title=Text("Activation and settings of a device", "Aktywacja i ustawienia urządzenia"),
    data=Text(
        "MAC address, IP address, serial number, model, firmware version, the country and place that the IP address "
        "points to, date of registration, channels, whether the device is online, and its settings.",
        "Adres MAC, adres IP, numer seryjny, model, wersja oprogramowania, kraj i miejsce wskazywane przez adres IP, "
        "data rejestracji, kanały, informacja, czy urządzenie jest w sieci, oraz jego ustawienia.",
    ),
    purpose=Text(
        "To activate the device, to keep it connected and set as you wish, and to tell you when it is not reachable.",
        "Aby uruchomić urządzenie, utrzymać połączenie i wybrane przez Ciebie ustawienia oraz dać znać, gdy jest "
        "nieosiągalne.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you remove the device, hand it over or close the account.",
            "Do usunięcia urządzenia, przekazania go komuś lub zamknięcia konta.",
        ),
        until=Until.DEVICE_REMOVED,
    ),
    shared_with=_HOST_AND_GUESTS,
    rights=_OF_CONTRACT,
    refusal=Text(
        "The device cannot be used with the cloud; your account and other devices go on as before.",
        "Urządzenie nie będzie działać z chmurą; konto i pozostałe urządzenia działają jak dotąd.",
    ),
)

B7 = Row(
    id="B7",
    title=Text("Name and cover picture", "Nazwa i okładka urządzenia"),
    data=Text(
        "The device's name, its cover picture, channels, model and serial number.",
        "Nazwa urządzenia, jego okładka, kanały, model i numer seryjny.",
    ),
    purpose=Text(
        "To let you tell your devices apart, rename them and give them another cover.",
        "Aby łatwo było odróżnić urządzenia, zmienić ich nazwę i okładkę.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you change it, remove the device, hand it over or close the account.",
            "Do zmiany, usunięcia urządzenia, przekazania go komuś lub zamknięcia konta.",
        ),
        until=Until.DEVICE_REMOVED,
    ),
    shared_with=_HOST_AND_GUESTS,
    rights=_OF_CONTRACT,
    refusal=Text(
        "The device is shown with the name and cover it came with.",
        "Urządzenie będzie widoczne z fabryczną nazwą i okładką.",
    ),
)

B8 = Row(
    id="B8",
    title=Text("Password of a device", "Hasło urządzenia"),
    data=Text("The password you give the device, encrypted.", "Hasło nadane urządzeniu, w postaci zaszyfrowanej."),
    purpose=Text(
        "To protect the picture a second time, and to set, check or reset that password for you.",
        "Aby dodatkowo chronić obraz oraz ustawić, sprawdzić lub zresetować to hasło na Twoje żądanie.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you change it, remove the device, hand it over or close the account.",
            "Do zmiany, usunięcia urządzenia, przekazania go komuś lub zamknięcia konta.",
        ),
        until=Until.DEVICE_REMOVED,
    ),
    shared_with=_HOST,
    rights=_OF_CONTRACT,
    refusal=Text(
        "The device has no password of its own; everything else goes on as before.",
        "Urządzenie nie ma własnego hasła; wszystko inne działa jak dotąd.",
    ),
)

B9 = Row(
    id="B9",
    title=Text("Sharing a device", "Udostępnianie urządzenia"),
    data=Text(
        "The device's serial number, the e-mail address or phone number of the person you share it with, and what "
        "you allow them.",
        "Numer seryjny urządzenia, adres e-mail lub numer telefonu osoby, której je udostępniasz, oraz zakres jej "
        "uprawnień.",
    ),
    purpose=Text(
        "To invite that person, to let them see exactly what you allow, and to end it when you wish.",
        "Aby zaprosić tę osobę, pokazać jej dokładnie to, na co pozwalasz, i zakończyć udostępnianie, kiedy zechcesz.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until the share ends: it is revoked, declined, left or runs out, the device is removed, or one of the "
            "two accounts is closed. An invitation that nobody accepts ends after 7 days. How many invitations an "
            "address received and you sent is counted, for a day.",
            "Do końca udostępniania: cofnięcia, odmowy, rezygnacji lub upływu terminu, usunięcia urządzenia albo "
            "zamknięcia jednego z dwóch kont. Zaproszenie, którego nikt nie przyjmie, wygasa po 7 dniach. Liczbę "
            "zaproszeń otrzymanych pod danym adresem i wysłanych przez Ciebie pamiętamy przez dobę.",
        ),
        until=Until.SHARE_ENDED,
    ),
    shared_with=Text(
        "The person you invite learns your nickname and the device's name; Amazon Web Services, on whose servers we "
        "run, sends the invitation.",
        "Zaproszona osoba poznaje Twój pseudonim i nazwę urządzenia; zaproszenie wysyła Amazon Web Services, na "
        "którego serwerach działamy.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "Only the sharing does not happen; the device goes on as before.",
        "Nie dojdzie tylko do udostępnienia; urządzenie działa jak dotąd.",
    ),
)

B10 = Row(
    id="B10",
    title=Text("Removing a device", "Usuwanie urządzenia"),
    data=Text(
        "The device's serial number and your account's e-mail address or phone number.",
        "Numer seryjny urządzenia oraz adres e-mail lub numer telefonu Twojego konta.",
    ),
    purpose=Text(
        "To be sure that it is the owner who removes it, to end every share, and to delete all data of the device.",
        "Aby mieć pewność, że urządzenie usuwa właściciel, zakończyć każde udostępnienie i skasować wszystkie dane "
        "urządzenia.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until the removal is done: nothing can be read from that moment on, and the data of the device is "
            "deleted, as a rule within 15 minutes.",
            "Do zakończenia usuwania: od tej chwili niczego nie da się odczytać, a dane urządzenia są kasowane, z "
            "reguły w ciągu 15 minut.",
        ),
        until=Until.DEVICE_REMOVED,
    ),
    shared_with=Text(
        "Amazon Web Services, on whose servers we run. The people you shared the device with are told that it is gone.",
        "Amazon Web Services, na którego serwerach działamy. Osoby, którym urządzenie było udostępnione, dowiadują "
        "się, że go już nie ma.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text("The device stays in your account.", "Urządzenie pozostaje na Twoim koncie."),
)

B11 = Row(
    id="B11",
    title=Text("Alarms and notifications", "Alarmy i powiadomienia"),
    data=Text(
        "The device's serial number and channel, kind and time of the alarm, its snapshot, the ids of the push "
        "message, and the push address of your phone.",
        "Numer seryjny i kanał urządzenia, rodzaj i godzina alarmu, jego zdjęcie, identyfikatory wiadomości push "
        "oraz adres push Twojego telefonu.",
    ),
    purpose=Text(
        "To tell you at once what the camera noticed, and to let you look it up for a week.",
        "Aby od razu dać znać, co zauważyła kamera, i pozwolić wrócić do tego przez tydzień.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Alarm messages and snapshots: 7 days from their arrival, to the second. The push address stays until "
            "you sign out on that phone.",
            "Wiadomości i zdjęcia alarmowe: 7 dni od nadejścia, co do sekundy. Adres push pozostaje do wylogowania "
            "na danym telefonie.",
        ),
        until=Until.DEVICE_REMOVED,
        days=7,
    ),
    shared_with=Text(
        "The people you let see alarms; Amazon Web Services, on whose servers we run; and Apple or Google, which "
        "carry the push message to your phone and see ids only, never pictures or words.",
        "Osoby, którym pozwalasz widzieć alarmy; Amazon Web Services, na którego serwerach działamy; oraz Apple lub "
        "Google, które doręczają wiadomość push i widzą tylko identyfikatory, nigdy obraz ani treść.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "No alarms reach you; live view and recordings go on as before.",
        "Alarmy nie dotrą do Ciebie; podgląd na żywo i nagrania działają jak dotąd.",
    ),
)

B12 = Row(
    id="B12",
    title=Text("Cloud storage", "Przechowywanie w chmurze"),
    data=Text(
        "The device's serial number and channels, its messages and its video recordings.",
        "Numer seryjny i kanały urządzenia, jego wiadomości i nagrania wideo.",
    ),
    purpose=Text(
        "To keep recordings safe outside the camera, under a free or a paid plan.",
        "Aby bezpiecznie przechować nagrania poza kamerą, w ramach planu bezpłatnego lub płatnego.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Recordings: the 3, 7 or 30 days of the plan. When the plan ends they stay for at most 7 days more, in "
            "case you renew, and are then deleted.",
            "Nagrania: 3, 7 lub 30 dni zależnie od planu. Gdy plan się skończy, pozostają najwyżej 7 dni na wypadek "
            "odnowienia, a potem są usuwane.",
        ),
        until=Until.PLAN_ENDED,
        days=30,
        days_after=7,
    ),
    shared_with=_HOST_AND_GUESTS,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Nothing is recorded in the cloud; live view and alarms go on as before.",
        "Nic nie zapisuje się w chmurze; podgląd na żywo i alarmy działają jak dotąd.",
    ),
)

B13 = Row(
    id="B13",
    title=Text("Buying a plan or redeeming a gift card", "Zakup planu lub wykorzystanie karty podarunkowej"),
    data=Text(
        "The plan and its price, the payment method, the date of the order, your e-mail address, and the invoice; of "
        "a gift card only a hash of its code. Card numbers never reach us.",
        "Plan i jego cena, sposób płatności, data zamówienia, adres e-mail i faktura; z karty podarunkowej tylko "
        "skrót kodu. Numery kart płatniczych nigdy do nas nie trafiają.",
    ),
    purpose=Text(
        "To take the order and the payment, to start the plan, and to send you the invoice.",
        "Aby przyjąć zamówienie i płatność, uruchomić plan i przesłać fakturę.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "Until you close the account. The invoice stays as long as tax law demands (row LAW).",
            "Do zamknięcia konta. Faktura pozostaje tak długo, jak nakazuje prawo podatkowe (wiersz LAW).",
        ),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=Text(
        "Stripe, which takes the payment and learns nothing of your cameras; and Amazon Web Services, on whose "
        "servers we run.",
        "Stripe, które przyjmuje płatność i nie dowiaduje się niczego o Twoich kamerach, oraz Amazon Web Services, "
        "na którego serwerach działamy.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "Only the purchase does not happen; the free plan and your devices go on as before.",
        "Nie dojdzie tylko do zakupu; plan bezpłatny i urządzenia działają jak dotąd.",
    ),
)

B14 = Row(
    id="B14",
    title=Text("Moving a plan to another device", "Przenoszenie planu na inne urządzenie"),
    data=Text(
        "The name of the device the plan leaves, the name of the device it joins, and the plan itself.",
        "Nazwa urządzenia, które plan opuszcza, nazwa urządzenia, na które przechodzi, oraz sam plan.",
    ),
    purpose=Text(
        "To move exactly the time that is left from the one device to the other.",
        "Aby przenieść dokładnie tyle czasu, ile zostało, z jednego urządzenia na drugie.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text("Until the plan ends or you close the account.", "Do końca planu lub zamknięcia konta."),
        until=Until.PLAN_ENDED,
    ),
    shared_with=_HOST,
    rights=_OF_CONTRACT,
    refusal=Text("The plan stays with the device it is on.", "Plan pozostaje przy dotychczasowym urządzeniu."),
)

B15 = Row(
    id="B15",
    title=Text("User Experience Plan", "Program badania doświadczeń użytkowników"),
    data=Text(
        "The pages you open and what you click in the app, only after you join and never after you leave.",
        "Otwierane strony i kliknięcia w aplikacji, wyłącznie po przystąpieniu i nigdy po rezygnacji.",
    ),
    purpose=Text(
        "To see where the app is hard to use, and to make it better.",
        "Aby zobaczyć, gdzie aplikacja sprawia trudność, i ją poprawić.",
    ),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "At most 90 days; when you leave, everything collected is deleted.",
            "Najwyżej 90 dni; po rezygnacji wszystko, co zebrano, jest usuwane.",
        ),
        until=Until.CONSENT_WITHDRAWN,
        days=90,
    ),
    shared_with=_HOST,
    rights=_OF_CONSENT,
    refusal=Text(
        "Nothing changes for you: without joining, nothing of this is collected.",
        "Nic się dla Ciebie nie zmienia: bez przystąpienia niczego z tych danych nie zbieramy.",
    ),
)

B16 = Row(
    id="B16",
    title=Text("Contact and feedback", "Kontakt i opinie"),
    data=Text(
        "The text of your message, what you attach to it, and our answers.",
        "Treść Twojej wiadomości, załączniki i nasze odpowiedzi.",
    ),
    purpose=Text(
        "To answer you and to mend what you point out.",
        "Aby odpowiedzieć i naprawić to, na co zwracasz uwagę.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "365 days from the message, or until you close the account.",
            "365 dni od wiadomości albo do zamknięcia konta.",
        ),
        until=Until.ACCOUNT_CLOSED,
        days=365,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Without a message we cannot answer; everything else goes on as before.",
        "Bez wiadomości nie możemy odpowiedzieć; wszystko inne działa jak dotąd.",
    ),
)

B17 = Row(
    id="B17",
    title=Text("Closing the account", "Zamknięcie konta"),
    data=Text(
        "Your account's phone number or e-mail address, and the one-time code sent to it.",
        "Numer telefonu lub adres e-mail konta oraz wysłany na niego jednorazowy kod.",
    ),
    purpose=Text(
        "To be sure that it is you who closes the account, and then to delete all personal data collected with it.",
        "Aby mieć pewność, że konto zamykasz Ty, a następnie usunąć wszystkie zebrane dane osobowe.",
    ),
    basis=Basis.LEGAL_OBLIGATION,
    kept_for=Retention(
        Text(
            "Until the account is deleted: unreadable at once, physically gone as a rule within 15 minutes. What "
            "remains is a receipt without personal data.",
            "Do usunięcia konta: od razu niemożliwe do odczytania, fizycznie skasowane z reguły w ciągu 15 minut. "
            "Pozostaje potwierdzenie bez danych osobowych.",
        ),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONTRACT,
    refusal=Text(
        "The account stays open until it is proved that you asked for its closing.",
        "Konto pozostaje otwarte, dopóki nie wiadomo, że o jego zamknięcie prosisz Ty.",
    ),
)

# C: marketing.

C1 = Row(
    id="C1",
    title=Text("Events, draws, contests and surveys", "Wydarzenia, losowania, konkursy i ankiety"),
    data=Text(
        "Your name, e-mail address, phone number, place and answers; sex, age, occupation and habits where we ask "
        "for them; your profile on another platform if you take part through it.",
        "Imię i nazwisko, adres e-mail, numer telefonu, miejscowość i odpowiedzi; płeć, wiek, zawód i zwyczaje, "
        "jeśli o nie pytamy; profil na innej platformie, jeśli bierzesz udział za jej pośrednictwem.",
    ),
    purpose=Text(
        "To let you take part, to choose the winners, and to send the prizes.",
        "Aby umożliwić udział, wyłonić zwycięzców i wysłać nagrody.",
    ),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "Until 180 days after the end of the event, or until you withdraw.",
            "Do 180 dni po zakończeniu wydarzenia albo do wycofania zgody.",
        ),
        until=Until.EVENT_ENDED,
        days_after=180,
    ),
    shared_with=Text(
        "The carrier who brings a prize; and Amazon Web Services, on whose servers we run.",
        "Przewoźnik, który dostarcza nagrodę, oraz Amazon Web Services, na którego serwerach działamy.",
    ),
    rights=_OF_CONSENT,
    refusal=Text(
        "You do not take part; everything else goes on as before.",
        "Nie bierzesz udziału; wszystko inne działa jak dotąd.",
    ),
)

C2 = Row(
    id="C2",
    title=Text("News of an event you take part in", "Wiadomości o wydarzeniu, w którym bierzesz udział"),
    data=Text(
        "Your name, e-mail address or phone number, and the event.",
        "Imię, adres e-mail lub numer telefonu oraz nazwa wydarzenia.",
    ),
    purpose=Text(
        "To tell you how the event goes on and how it ended.",
        "Aby informować o przebiegu i wyniku wydarzenia.",
    ),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "Until 180 days after the end of the event, or until you withdraw.",
            "Do 180 dni po zakończeniu wydarzenia albo do wycofania zgody.",
        ),
        until=Until.EVENT_ENDED,
        days_after=180,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONSENT,
    refusal=Text(
        "You get no such messages; your part in the event is not touched.",
        "Nie otrzymasz takich wiadomości; nie wpływa to na Twój udział.",
    ),
)

C3 = Row(
    id="C3",
    title=Text("Asking for a rating or an opinion", "Prośba o ocenę lub opinię"),
    data=Text(
        "Your name, e-mail address, the product or event we ask about, and your answer.",
        "Imię, adres e-mail, produkt lub wydarzenie, o które pytamy, oraz Twoja odpowiedź.",
    ),
    purpose=Text(
        "To learn how content you are, so that we can do better; we have a legitimate interest in asking now and then.",
        "Aby dowiedzieć się, jak oceniasz nasze usługi, i je poprawiać; mamy prawnie uzasadniony interes, by od "
        "czasu do czasu o to zapytać.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text("365 days from the question, or until you object.", "365 dni od pytania albo do wniesienia sprzeciwu."),
        until=Until.OBJECTED,
        days=365,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_INTEREST,
    refusal=Text(
        "Object once and we do not ask again; nothing else changes.",
        "Wystarczy raz wnieść sprzeciw, a więcej nie zapytamy; nic innego się nie zmienia.",
    ),
)

C4 = Row(
    id="C4",
    title=Text("Invitations to similar events", "Zaproszenia na podobne wydarzenia"),
    data=Text("Your name, and your e-mail address or phone number.", "Imię oraz adres e-mail lub numer telefonu."),
    purpose=Text(
        "To tell you of other events like those you took part in.",
        "Aby informować o wydarzeniach podobnych do tych, w których był Twój udział.",
    ),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text("Until you withdraw or close the account.", "Do wycofania zgody lub zamknięcia konta."),
        until=Until.CONSENT_WITHDRAWN,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONSENT,
    refusal=Text(
        "You get no invitations; nothing else changes.",
        "Nie otrzymasz zaproszeń; nic innego się nie zmienia.",
    ),
)

C5 = Row(
    id="C5",
    title=Text("Photos and films of an event", "Zdjęcia i filmy z wydarzenia"),
    data=Text(
        "Your image and voice on photos and films taken at the event.",
        "Twój wizerunek i głos na zdjęciach i filmach z wydarzenia.",
    ),
    purpose=Text("To show others what the event was like.", "Aby pokazać innym, jak przebiegało wydarzenie."),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "Until you withdraw; we then take them down from every place that is ours.",
            "Do wycofania zgody; usuwamy je wtedy z każdego miejsca, które do nas należy.",
        ),
        until=Until.CONSENT_WITHDRAWN,
    ),
    shared_with=Text(
        "Whoever sees the publication; and Amazon Web Services, on whose servers we run.",
        "Każdy, kto zobaczy publikację, oraz Amazon Web Services, na którego serwerach działamy.",
    ),
    rights=_OF_CONSENT,
    refusal=Text(
        "You are not shown; you can take part all the same.",
        "Nie pokażemy Cię; udział jest możliwy mimo to.",
    ),
)

# D: after sales.

D1 = Row(
    id="D1",
    title=Text("Account for repairs and returns", "Konto do napraw i zwrotów"),
    data=Text(
        "Your name, e-mail address or the account of another platform, country, password (as a hash), and language. "
        "It is the same account as in the app.",
        "Imię i nazwisko, adres e-mail lub konto innej platformy, kraj, hasło (w postaci skrótu) i język. Jest to to "
        "samo konto co w aplikacji.",
    ),
    purpose=Text(
        "To let you ask for a repair and follow it.",
        "Aby umożliwić zgłoszenie naprawy i śledzenie jej przebiegu.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text("Until you close the account.", "Do zamknięcia konta."),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Without an account no repair can be followed here; your rights under warranty remain.",
        "Bez konta nie da się tu śledzić naprawy; prawa z gwarancji pozostają.",
    ),
)

D2 = Row(
    id="D2",
    title=Text("Repair or return of a device", "Naprawa lub zwrot urządzenia"),
    data=Text(
        "Model, serial number, MAC and IP address, details of the proof of purchase, phone number, return address "
        "and recipient, what is sent and its tracking number.",
        "Model, numer seryjny, adres MAC i IP, dane z dowodu zakupu, numer telefonu, adres zwrotny i odbiorca, "
        "zawartość przesyłki i jej numer.",
    ),
    purpose=Text(
        "To check the warranty, to find the nearest repair place, to ask you what is unclear, to send the device "
        "back, and to ask whether you are content.",
        "Aby sprawdzić gwarancję, znaleźć najbliższy serwis, wyjaśnić wątpliwości, odesłać urządzenie i zapytać, czy "
        "wszystko jest w porządku.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "3 years from the request, or until you close the account.",
            "3 lata od zgłoszenia albo do zamknięcia konta.",
        ),
        until=Until.ACCOUNT_CLOSED,
        days=1095,
    ),
    shared_with=Text(
        "The repair place that does the work, the carrier who brings the parcel, and Amazon Web Services, on whose "
        "servers we run.",
        "Serwis, który wykonuje naprawę, przewoźnik, który dostarcza paczkę, oraz Amazon Web Services, na którego "
        "serwerach działamy.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "The request cannot be dealt with; everything else goes on as before.",
        "Zgłoszenia nie da się rozpatrzyć; wszystko inne działa jak dotąd.",
    ),
)

D3 = Row(
    id="D3",
    title=Text("Resetting a forgotten password", "Odzyskiwanie zapomnianego hasła"),
    data=Text(
        "The device's serial number and MAC address, your e-mail address, and a one-time code.",
        "Numer seryjny i adres MAC urządzenia, Twój adres e-mail oraz jednorazowy kod.",
    ),
    purpose=Text(
        "To be sure that it is you before a new password is set.",
        "Aby przed ustawieniem nowego hasła mieć pewność, że to Ty.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "10 minutes, as long as the code works; what you typed in to prove it is you is compared and not kept.",
            "10 minut, czyli tyle, ile działa kod; dane podane na potwierdzenie tożsamości porównujemy i nie "
            "zapisujemy ich.",
        ),
        until=Until.CHANGE_MADE,
        minutes=10,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONTRACT,
    refusal=Text(
        "The password is not reset; the account stays as it is.",
        "Hasło nie zostanie zmienione; konto pozostaje bez zmian.",
    ),
)

# E: the website.

E1 = Row(
    id="E1",
    title=Text("Newsletter", "Biuletyn informacyjny"),
    data=Text("Your e-mail address.", "Adres e-mail."),
    purpose=Text(
        "To send you news, once you have confirmed that you want it.",
        "Aby przesyłać nowości, gdy potwierdzisz, że chcesz je otrzymywać.",
    ),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "Until you unsubscribe, by one click in any issue. An address that nobody confirms is deleted when its "
            "link runs out.",
            "Do rezygnacji, jednym kliknięciem w dowolnym numerze. Niepotwierdzony adres jest usuwany, gdy wygaśnie "
            "jego odnośnik.",
        ),
        until=Until.CONSENT_WITHDRAWN,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_CONSENT,
    refusal=Text(
        "You get no newsletter; nothing else changes.",
        "Nie otrzymasz biuletynu; nic innego się nie zmienia.",
    ),
)

E2 = Row(
    id="E2",
    title=Text("Use of the website", "Korzystanie ze strony internetowej"),
    data=Text(
        "Browser, operating system and screen size, the pages you visit and how you move between them; only if you "
        "allow analytical cookies.",
        "Przeglądarka, system operacyjny i rozmiar ekranu, odwiedzane strony i przejścia między nimi; tylko za zgodą "
        "na analityczne pliki cookie.",
    ),
    purpose=Text("To see which pages help and which do not.", "Aby zobaczyć, które strony pomagają, a które nie."),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "At most 90 days; when you withdraw, it is deleted.",
            "Najwyżej 90 dni; po wycofaniu zgody dane są usuwane.",
        ),
        until=Until.CONSENT_WITHDRAWN,
        days=90,
    ),
    shared_with=_HOST,
    rights=_OF_CONSENT,
    refusal=Text("The website works just the same.", "Strona działa tak samo."),
)

# F: other use.

F1 = Row(
    id="F1",
    title=Text("Better services and statistics", "Ulepszanie usług i statystyki"),
    data=Text(
        "Counts and sums, such as how many devices are online, taken from the data above so that they identify nobody.",
        "Liczby i sumy, na przykład ile urządzeń jest w sieci, wyprowadzone z powyższych danych tak, że nikogo nie "
        "wskazują.",
    ),
    purpose=Text(
        "To plan capacity, to find faults, and to make the service better.",
        "Aby planować zasoby, znajdować usterki i ulepszać usługę.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text(
            "The data behind them is kept no longer for it. The counts identify nobody and may stay.",
            "Danych źródłowych nie przechowujemy z tego powodu dłużej. Same liczby nikogo nie wskazują i mogą "
            "pozostać.",
        ),
        until=Until.ANONYMISED,
    ),
    shared_with=_HOST,
    rights=Text(
        "You may object to your data being counted; the counts themselves lead back to nobody.",
        "Możesz wnieść sprzeciw wobec uwzględniania Twoich danych; same liczby do nikogo nie prowadzą.",
    ),
    refusal=Text(
        "Object and you are not counted; nothing else changes.",
        "Po sprzeciwie nie uwzględniamy Cię; nic innego się nie zmienia.",
    ),
)

F2 = Row(
    id="F2",
    title=Text("Important notices", "Ważne zawiadomienia"),
    data=Text(
        "Your e-mail address, phone number or push address, your language, and whether the notice reached you.",
        "Adres e-mail, numer telefonu lub adres push, język oraz informacja, czy zawiadomienie dotarło.",
    ),
    purpose=Text(
        "To tell you of changed terms, of a service that ends, of an account about to be deleted, and of incidents "
        "that concern you.",
        "Aby zawiadomić o zmianie zasad, wycofaniu usługi, zbliżającym się usunięciu konta i o incydentach, które "
        "Cię dotyczą.",
    ),
    basis=Basis.LEGAL_OBLIGATION,
    kept_for=Retention(
        Text("Until you close the account.", "Do zamknięcia konta."),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=Text(
        "Amazon Web Services, on whose servers we run and which sends e-mails and text messages; and Apple or "
        "Google, which carry push messages.",
        "Amazon Web Services, na którego serwerach działamy i które wysyła e-maile i SMS-y, oraz Apple lub Google, "
        "które doręczają wiadomości push.",
    ),
    rights=Text(
        "You may see what was sent to you, get a copy and have mistakes corrected; it all goes when you close the "
        "account.",
        "Możesz zobaczyć, co do Ciebie wysłano, otrzymać kopię i sprostować błędy; wszystko znika wraz z zamknięciem "
        "konta.",
    ),
    refusal=Text(
        "These notices cannot be refused as long as you have an account: the law wants you to know.",
        "Dopóki masz konto, nie można z nich zrezygnować: prawo wymaga, aby te wiadomości do Ciebie dotarły.",
    ),
)

F3 = Row(
    id="F3",
    title=Text("Disclosure required by law", "Ujawnienie wymagane przez prawo"),
    data=Text(
        "What a court or an authority lawfully demands; and a record of who asked, on which legal ground, when, and "
        "what was handed over, in which you appear by a random id only.",
        "To, czego zgodnie z prawem zażąda sąd lub organ, oraz zapis, kto, na jakiej podstawie i kiedy o to wystąpił "
        "i co przekazano; w zapisie występujesz tylko pod losowym identyfikatorem.",
    ),
    purpose=Text(
        "To obey the law, and to be able to show that no more was handed over than it demands.",
        "Aby wypełnić obowiązek prawny i móc wykazać, że nie przekazano niczego ponad to, czego wymaga.",
    ),
    basis=Basis.LEGAL_OBLIGATION,
    kept_for=Retention(
        Text(
            "The record: 5 years from the disclosure. The data itself is kept no longer for it.",
            "Zapis: 5 lat od ujawnienia. Samych danych nie przechowujemy z tego powodu dłużej.",
        ),
        until=Until.TIME_PASSED,
        days=1825,
    ),
    shared_with=Text(
        "The court or authority that asked, as far as the law demands.",
        "Sąd lub organ, który wystąpił z żądaniem, w zakresie wymaganym przez prawo.",
    ),
    rights=_OF_LAW,
    refusal=Text(
        "This cannot be refused. Where the law allows, we tell you before we disclose anything.",
        "Temu nie można się sprzeciwić. Jeśli prawo na to pozwala, powiadomimy Cię, zanim cokolwiek ujawnimy.",
    ),
)

F4 = Row(
    id="F4",
    title=Text("What you publish for others", "Treści, które publikujesz dla innych"),
    data=Text(
        "What you choose to publish, with your nickname and picture.",
        "To, co postanowisz opublikować, wraz z pseudonimem i zdjęciem.",
    ),
    purpose=Text("To show it to those you publish it for.", "Aby pokazać to osobom, dla których publikujesz."),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text("Until you take it down or close the account.", "Do wycofania publikacji lub zamknięcia konta."),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=Text(
        "Those you publish it for, who may pass it on; and Amazon Web Services, on whose servers we run.",
        "Osoby, dla których publikujesz i które mogą podać to dalej, oraz Amazon Web Services, na którego serwerach "
        "działamy.",
    ),
    rights=_OF_CONTRACT,
    refusal=Text(
        "Nothing of yours is published; everything else goes on as before.",
        "Nic Twojego nie zostanie opublikowane; wszystko inne działa jak dotąd.",
    ),
)

# What the promises beside the table add.

LOG = Row(
    id="LOG",
    title=Text("Addresses in the API log", "Adresy w dzienniku API"),
    data=Text(
        "The IP address from which a request came, encrypted, with the time and the random id of the account.",
        "Adres IP, z którego przyszło żądanie, zaszyfrowany, wraz z godziną i losowym identyfikatorem konta.",
    ),
    purpose=Text(
        "To find faults and to stop attacks; we and you have a legitimate interest in a safe service.",
        "Aby znajdować usterki i powstrzymywać ataki; w bezpieczeństwie usługi leży prawnie uzasadniony interes nasz "
        "i Twój.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text(
            "7 days; then the key to the addresses is deleted and nobody can read them.",
            "7 dni; potem klucz do adresów jest usuwany i nikt nie może ich odczytać.",
        ),
        until=Until.TIME_PASSED,
        days=7,
    ),
    shared_with=_HOST,
    rights=Text(
        "You may object, see what is kept about you and get a copy. Single lines cannot be taken out earlier, but "
        "after the 7 days none can be read.",
        "Możesz wnieść sprzeciw, zobaczyć, co o Tobie przechowujemy, i otrzymać kopię. Pojedynczych wierszy nie da "
        "się usunąć wcześniej, ale po 7 dniach żadnego nie można odczytać.",
    ),
    refusal=Text(
        "A request without an address cannot reach us; the address is used for nothing else.",
        "Żądanie bez adresu nie może do nas dotrzeć; adresu nie używamy do niczego innego.",
    ),
)

LAW = Row(
    id="LAW",
    title=Text("Invoices and other tax records", "Faktury i inne dokumenty podatkowe"),
    data=Text(
        "What the invoice has to say: its number and date, the buyer, what was bought, the price, the tax, and the "
        "payment or refund. There is no link to pictures or recordings.",
        "To, co musi zawierać faktura: numer i data, nabywca, przedmiot zakupu, cena, podatek oraz zapłata lub "
        "zwrot. Nie ma w niej powiązania ze zdjęciami ani nagraniami.",
    ),
    purpose=Text(
        "To meet the duty to keep tax records.",
        "Aby wypełnić obowiązek przechowywania dokumentów podatkowych.",
    ),
    basis=Basis.LEGAL_OBLIGATION,
    kept_for=Retention(
        Text(
            "5 years from the end of the year in which the tax was due, even if you close the account.",
            "5 lat od końca roku, w którym przypadał termin zapłaty podatku, także po zamknięciu konta.",
        ),
        until=Until.TAX_YEAR_ENDED,
        days_after=1827,  # five years with their leap days
    ),
    shared_with=Text(
        "Tax offices, where the law demands it; and Amazon Web Services, on whose servers we run.",
        "Organy podatkowe, gdy wymaga tego prawo, oraz Amazon Web Services, na którego serwerach działamy.",
    ),
    rights=_OF_LAW,
    refusal=Text(
        "Without the data an invoice needs, nothing can be bought.",
        "Bez danych potrzebnych do faktury nie można niczego kupić.",
    ),
)

COOKIES = Row(
    id="COOKIES",
    title=Text("Functional cookies of the website", "Niezbędne pliki cookie strony"),
    data=Text(
        "A token that protects forms, your session (user name and when it ends), the page you came from before "
        "registering, and the image check.",
        "Token chroniący formularze, sesja (nazwa użytkownika i czas wylogowania), strona sprzed rejestracji oraz "
        "kod z obrazka.",
    ),
    purpose=Text(
        "To let the website do what you ask of it, safely; it cannot work without them.",
        "Aby strona bezpiecznie robiła to, o co prosisz; bez nich nie może działać.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text(
            "The form token: 120 minutes. The others: until you sign out or close the browser.",
            "Token formularza: 120 minut. Pozostałe: do wylogowania lub zamknięcia przeglądarki.",
        ),
        until=Until.SIGNED_OUT,
        minutes=120,
    ),
    shared_with=_HOST,
    rights=_OF_INTEREST,
    refusal=Text(
        "You can block them in your browser; signing in on the website then does not work.",
        "Możesz je zablokować w przeglądarce; logowanie na stronie przestaje wtedy działać.",
    ),
)

RIGHTS = Row(
    id="RIGHTS",
    title=Text("Requests about your data", "Żądania dotyczące Twoich danych"),
    data=Text(
        "What you ask for and when, how it was proved that you are you, what was done, and the instructions you "
        "leave for after your death, with the person who is to carry them out.",
        "Treść i czas żądania, sposób potwierdzenia tożsamości, podjęte działania oraz dyspozycje na wypadek śmierci "
        "wraz ze wskazaną osobą, która ma je wykonać.",
    ),
    purpose=Text(
        "To do what you ask within one month, and to give your data to nobody but you.",
        "Aby w ciągu miesiąca spełnić żądanie i nie wydać Twoich danych nikomu innemu.",
    ),
    basis=Basis.LEGAL_OBLIGATION,
    kept_for=Retention(
        Text(
            "Until you close the account. A prepared copy of your data waits for you for at most 24 hours.",
            "Do zamknięcia konta. Przygotowana kopia danych czeka na Ciebie najwyżej 24 godziny.",
        ),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=Text(
        "The person or provider you name; and Amazon Web Services, on whose servers we run.",
        "Wskazana przez Ciebie osoba lub dostawca oraz Amazon Web Services, na którego serwerach działamy.",
    ),
    rights=Text(
        "You may see your requests and their state, get a copy, and withdraw or change them.",
        "Możesz zobaczyć swoje żądania i ich stan, otrzymać kopię, wycofać je lub zmienić.",
    ),
    refusal=Text(
        "If it cannot be proved that you are you, nothing is handed out or deleted.",
        "Jeśli nie da się potwierdzić tożsamości, niczego nie wydamy ani nie usuniemy.",
    ),
)

CONSENTS = Row(
    id="CONSENTS",
    title=Text("Record of your consents", "Rejestr Twoich zgód"),
    data=Text(
        "For each consent: its purpose, the version of the text, the language, the time, and the way it was given or "
        "withdrawn.",
        "Dla każdej zgody: cel, wersja tekstu, język, czas i sposób jej udzielenia lub wycofania.",
    ),
    purpose=Text(
        "To do only what you agreed to, and to be able to show it.",
        "Aby robić tylko to, na co jest zgoda, i móc to wykazać.",
    ),
    basis=Basis.LEGAL_OBLIGATION,
    kept_for=Retention(
        Text("Until you close the account.", "Do zamknięcia konta."),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=_HOST,
    rights=Text(
        "You may see the record, get a copy, and withdraw any consent in it at any time.",
        "Możesz zobaczyć rejestr, otrzymać jego kopię i w każdej chwili wycofać każdą zgodę.",
    ),
    refusal=Text(
        "A consent that is not recorded counts as not given.",
        "Zgodę, której nie zapisano, uważamy za nieudzieloną.",
    ),
)

AUDIT = Row(
    id="AUDIT",
    title=Text("Activity on your account", "Aktywność na Twoim koncie"),
    data=Text(
        "Who signed in, watched, downloaded, shared or changed something, and when: with which of your terminals, "
        "which of your guests by the address that you invited, or one of us. Your guests' looks are noted by the "
        "hour, your own are not.",
        "Kto i kiedy logował się, oglądał, pobierał, udostępniał lub coś zmieniał: na którym z Twoich terminali, kto z "
        "Twoich gości, pod adresem podanym w zaproszeniu, albo kto z nas. Oglądanie przez gości odnotowujemy co do "
        "godziny, Twojego własnego nie odnotowujemy.",
    ),
    purpose=Text(
        "To let you see everything that happened with your account and devices, and to notice misuse.",
        "Aby było widać wszystko, co działo się z kontem i urządzeniami, i aby zauważyć nadużycia.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text(
            "365 days, so that what is noticed late can still be traced, or until you close the account; what concerns "
            "a device goes with it.",
            "365 dni, aby dało się wyjaśnić także to, co zauważono późno, albo do zamknięcia konta; to, co dotyczy "
            "urządzenia, znika razem z nim.",
        ),
        until=Until.ACCOUNT_CLOSED,
        days=365,
    ),
    shared_with=_HOST,
    rights=_OF_PROTECTION,
    refusal=Text(
        "This record cannot be switched off as long as you have an account: it protects you.",
        "Dopóki masz konto, tego zapisu nie można wyłączyć: chroni Ciebie.",
    ),
)

GUESSES = Row(
    id="GUESSES",
    title=Text("Protection against guessing", "Ochrona przed zgadywaniem"),
    data=Text(
        "How often a wrong password or code was tried, under a keyed hash of the address or number concerned, or of "
        "your own terminal.",
        "Liczba prób z błędnym hasłem lub kodem, zapisana pod skrótem adresu, numeru lub Twojego urządzenia, "
        "utworzonym za pomocą klucza.",
    ),
    purpose=Text(
        "To slow down those who try passwords and codes that are not theirs.",
        "Aby spowolnić tych, którzy próbują nie swoich haseł i kodów.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text("At most 2 days after the last try.", "Najwyżej 2 dni od ostatniej próby."),
        until=Until.TIME_PASSED,
        days=2,
    ),
    shared_with=_HOST,
    rights=_OF_PROTECTION,
    refusal=Text(
        "This protection cannot be switched off: it guards every account.",
        "Tej ochrony nie można wyłączyć: strzeże każdego konta.",
    ),
)

MESSAGES = Row(
    id="MESSAGES",
    title=Text("Protection against unwanted messages", "Ochrona przed niechcianymi wiadomościami"),
    data=Text(
        "How many e-mails and text messages were sent lately to an address or number, and on requests from a network, "
        "under a hash that is made with a key of its own each hour.",
        "Liczba e-maili i SMS-ów wysłanych ostatnio na adres lub numer oraz na żądania z danej sieci, zapisana pod "
        "skrótem tworzonym za pomocą klucza, który co godzinę jest inny.",
    ),
    purpose=Text(
        "To keep anybody from sending you, or anybody, messages through us that nobody wants.",
        "Aby nikt nie mógł za naszym pośrednictwem zasypywać Ciebie ani innych niechcianymi wiadomościami.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text(
            "One hour; the entry is deleted within 2 days, and the key to it after 7 days.",
            "Godzinę; wpis usuwamy w ciągu 2 dni, a klucz do niego po 7 dniach.",
        ),
        until=Until.TIME_PASSED,
        days=7,
    ),
    shared_with=_HOST,
    rights=_OF_PROTECTION,
    refusal=Text(
        "This protection cannot be switched off: it guards everybody who can be written to.",
        "Tej ochrony nie można wyłączyć: strzeże każdego, do kogo można napisać.",
    ),
)

REPEATS = Row(
    id="REPEATS",
    title=Text("Answers to repeated requests", "Odpowiedzi na powtórzone żądania"),
    data=Text(
        "The answer to a change you made, encrypted, under a keyed hash of the request.",
        "Zaszyfrowana odpowiedź na wprowadzoną zmianę, zapisana pod skrótem żądania utworzonym za pomocą klucza.",
    ),
    purpose=Text(
        "To make sure that a request repeated after a lost connection counts once: one order, one payment.",
        "Aby żądanie powtórzone po zerwaniu połączenia liczyło się raz: jedno zamówienie, jedna płatność.",
    ),
    basis=Basis.CONTRACT,
    kept_for=Retention(
        Text(
            "24 hours; where money moves 30 days; never beyond the closing of the account.",
            "24 godziny; przy płatnościach 30 dni; nigdy dłużej niż do zamknięcia konta.",
        ),
        until=Until.ACCOUNT_CLOSED,
        days=30,
    ),
    shared_with=_HOST,
    rights=_OF_CONTRACT,
    refusal=Text(
        "Payments cannot be made without it; for other changes your app may leave it out.",
        "Bez tego nie można dokonać płatności; przy innych zmianach aplikacja może z tego nie korzystać.",
    ),
)

LINKS = Row(
    id="LINKS",
    title=Text("Linked services", "Połączone usługi"),
    data=Text(
        "Which service you linked (IFTTT, Google, Amazon), which devices it may use, what it may do with them, and "
        "when.",
        "Połączona usługa (IFTTT, Google, Amazon), urządzenia, z których może korzystać, zakres jej uprawnień i czas.",
    ),
    purpose=Text(
        "To let that service do what you asked for, and nothing before you asked.",
        "Aby usługa mogła robić to, o co prosisz, i nic, zanim o to poprosisz.",
    ),
    basis=Basis.CONSENT,
    kept_for=Retention(
        Text(
            "Until you unlink the service, remove the device or close the account.",
            "Do odłączenia usługi, usunięcia urządzenia lub zamknięcia konta.",
        ),
        until=Until.CONSENT_WITHDRAWN,
    ),
    shared_with=Text(
        "The service you linked, under its own policy; and Amazon Web Services, on whose servers we run.",
        "Połączona usługa, na zasadach jej własnej polityki, oraz Amazon Web Services, na którego serwerach działamy.",
    ),
    rights=_OF_CONSENT,
    refusal=Text(
        "The service gets nothing; everything else goes on as before.",
        "Usługa nie otrzyma niczego; wszystko inne działa jak dotąd.",
    ),
)

IDLE = Row(
    id="IDLE",
    title=Text("Accounts that nobody uses", "Nieużywane konta"),
    data=Text(
        "When the account was last used, which notices were sent, and whether they arrived.",
        "Czas ostatniego użycia konta, wysłane zawiadomienia i informacja, czy dotarły.",
    ),
    purpose=Text(
        "Not to keep data that nobody needs any more: an account unused for 730 days is deleted, after a notice at "
        "least 90 days before.",
        "Aby nie przechowywać danych, których nikt już nie potrzebuje: konto nieużywane od 730 dni jest usuwane, po "
        "zawiadomieniu z wyprzedzeniem co najmniej 90 dni.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text(
            "Until you sign in again, which ends the matter, or the account is closed.",
            "Do ponownego zalogowania, które kończy sprawę, albo do zamknięcia konta.",
        ),
        until=Until.ACCOUNT_CLOSED,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_INTEREST,
    refusal=Text("Sign in once and the account stays.", "Wystarczy zalogować się raz, a konto pozostanie."),
)

REPORTS = Row(
    id="REPORTS",
    title=Text("E-mails that did not arrive", "E-maile, które nie dotarły"),
    data=Text(
        "That an e-mail to an address could not be delivered or was reported as unwanted, how often and when, under a "
        "keyed hash of the address.",
        "Informacja, że e-maila na dany adres nie dało się dostarczyć albo zgłoszono go jako niechciany, ile razy i "
        "kiedy, zapisana pod skrótem adresu utworzonym za pomocą klucza.",
    ),
    purpose=Text(
        "Not to write on behalf of others to an address that does not exist or does not want it.",
        "Aby nie pisać w imieniu innych na adres, który nie istnieje albo sobie tego nie życzy.",
    ),
    basis=Basis.LEGITIMATE_INTEREST,
    kept_for=Retention(
        Text("90 days after the last report.", "90 dni od ostatniego zgłoszenia."),
        until=Until.TIME_PASSED,
        days=90,
    ),
    shared_with=_HOST_AND_MAIL,
    rights=_OF_INTEREST,
    refusal=Text(
        "Codes that you ask for and messages about your own account are sent all the same.",
        "Kody, o które prosisz, i wiadomości o Twoim koncie wysyłamy mimo to.",
    ),
)

# The order of the policy's table, then of what the promises add.
ROWS: tuple[Row, ...] = (
    A,
    B1A,
    B1B,
    B2,
    B3,
    B4,
    B5,
    B6,
    B7,
    B8,
    B9,
    B10,
    B11,
    B12,
    B13,
    B14,
    B15,
    B16,
    B17,
    C1,
    C2,
    C3,
    C4,
    C5,
    D1,
    D2,
    D3,
    E1,
    E2,
    F1,
    F2,
    F3,
    F4,
    LOG,
    LAW,
    COOKIES,
    RIGHTS,
    CONSENTS,
    AUDIT,
    GUESSES,
    MESSAGES,
    REPEATS,
    LINKS,
    IDLE,
    REPORTS,
)

_BY_ID = {each.id: each for each in ROWS}


def row(id: str) -> Row:
    """The row with this id, as the policy writes it: `row("B1a")`."""
    try:
        return _BY_ID[id]
    except KeyError:
        raise UnknownRow(id) from None
