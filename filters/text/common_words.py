"""The commonest words of languages that people reason in: what even a short sentence shows.

Written down for this project: articles, pronouns, prepositions, conjunctions, auxiliaries and the
words that chains of thought are held together by. A word of several languages stands in each of
their lists, since it is evidence for none of them against another. Apostrophes cut words in two.
"""

# ruff: noqa: RUF001 (other scripts are what this is about)

from __future__ import annotations

WORDS: dict[str, str] = {
    "en": """
        the of and that this these those is are was were be been being it its we you he she they
        them our your their his her my me us to in on at by for from with without into as or not
        no so if then than but because since while when where which who what how why there here
        have has had do does did will would can could should must may might let get got give
        gives make makes first next now also only just all each every both any some one two
        three more most less many much per plus up down out over after before between about
        again still yet however therefore thus hence wait okay right wrong actually maybe need
        needs want see check answer know find die man men hat war pour comment son ton car point
        come due dove den sin don real total final table note notes an a i am pan even such same
        other another too very formula area data via pro ad age use net rate mine pure fine base
        case face place page force sans que el los las del al le la de van der von par het sun
        ma era solo sum sub number numbers think means given calculate calculated equation
        expression question square squared sides points value values years year old day days
        week hours minutes times twice cost costs price amount dollars remaining multiply
        multiplied divide divided add added adding end ends subtract equal equals difference
        distance speed height length width people children person left together different
        possible correct sure looking look finding solve solving using used step starts start
        begin terms term form half thing things well good great hmm yes perhaps alternatively
        similarly suppose assume consider true false cases whether until through against said
        says told knows like likely really something someone anything everything nothing isn
        doesn didn won aren wasn couldn hasn haven wouldn shouldn ll ve re""",
    "de": """
        der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine
        ich du er sie es wir ihr mich mir uns euch ihm ihn ihnen sich ist sind war waren sein
        bin hat haben hatte hatten habe wird werden wurde wurden kann können muss müssen soll
        sollte mit von zu zum zur im in am an auf aus bei nach für über unter durch gegen ohne
        um bis seit wenn dann dass weil da denn damit also auch noch nur schon so wie was wer wo
        warum welche welcher dies diese dieser dieses jetzt hier dort zuerst zwei drei mehr als
        immer alle alles stimmt richtig falsch gleich beide wieder doch sehr man moment mal nun
        gibt""",
    "fr": """
        le la les un une des du de à au aux et ou mais ne pas non plus je tu il elle on nous
        vous ils elles me te se lui leur est sont était être suis avons ont ai avait fait faut
        peut doit dans sur sous avec sans pour par chez entre vers depuis si que qui quoi dont
        où quand comme parce donc alors car ainsi aussi encore très bien ce cet cette ces mon ma
        mes son sa ses notre votre tout tous toute deux trois puis ensuite maintenant ici cela
        ça qu même vérifions voyons attends combien chaque reste""",
    "es": """
        el la los las un una unos unas de del al y o pero no ni sí yo tú él ella nosotros ellos
        me te se lo le nos les es son era ser soy está están estaba hay ha han tiene tienen
        puede hacer en con sin por para sobre entre desde hasta si que quien cual cuando como
        donde porque pues entonces así también muy más menos este esta esto estos ese esa eso su
        sus mi todo todos cada dos tres luego ahora aquí ya cuántos cuánto debemos vamos tenemos
        primero después espera""",
    "it": """
        il lo la gli le i un una uno di del della dei delle dello al alla ai e ed o ma non io tu
        lui lei noi voi loro mi ti si ci vi è sono era essere ho ha hanno abbiamo può deve fare
        in nel nella nei con senza per da dal dalla su sul sulla tra fra se che chi cui quando
        come dove perché quindi allora così anche ancora molto più meno questo questa questi
        quello ogni tutti tutto due tre poi adesso ora qui dopo prima dobbiamo aspetta""",
    "pt": """
        o a os as um uma uns umas de do da dos das no na nos nas ao à e ou mas não nem eu tu ele
        ela nós eles elas me te se lhe é são era ser sou está estão tem têm há pode deve fazer
        em com sem por para pelo pela sobre entre desde até que quem qual quando como onde
        porque pois então assim também muito mais menos este esta isto isso esse essa seu sua
        meu minha todo todos cada dois duas três depois agora aqui já quantos vamos temos
        primeiro""",
    "nl": """
        de het een en of maar niet geen ik jij je hij zij ze wij we jullie mij ons hem haar hun
        is zijn was waren ben heeft hebben had wordt worden kan kunnen moet moeten zal zullen
        zou met van naar te in op aan uit bij voor over onder door tegen zonder om tot als dan
        dat die dit deze omdat want dus ook nog alleen al zo hoe wat wie waar waarom welke nu
        hier daar eerst twee drie meer altijd alle alles klopt weer toch heel er""",
    "pl": """
        i w z na do od po za o u przez dla bez pod nad przed przy między nie tak ale lub albo
        oraz ani że czy jeśli jeżeli gdy kiedy ponieważ więc zatem bo jak co kto który która
        które gdzie dlaczego ile ja ty on ona ono my wy oni mnie mi nas nam go jej jego ich im
        się jest są był była było były być ma mają mamy mogę można może musi musimy ten ta to te
        tego tej tym teraz tutaj już jeszcze też także tylko bardzo więcej każdy wszystkie dwa
        trzy najpierw potem następnie""",
    "cs": """
        a i v ve z ze na do od po za o u pro bez pod nad před při mezi ne ano ale nebo ani že
        jestli když protože tedy takže jak co kdo který která které kde proč kolik já ty on ona
        ono my vy oni mě mi nás nám ho jej jeho jejich se si je jsou byl byla bylo být má mají
        máme může musí musíme ten ta to toho tomu teď zde už ještě také jen velmi více každý
        všechny dva tři nejprve potom pak""",
    "sv": """
        en ett den det de och eller men inte ingen jag du han hon vi ni mig dig oss dem sig är
        var vara blir har hade kan ska skall måste med av till från i på om för över under genom
        utan vid efter innan när då att som därför eftersom så också bara redan än hur vad vem
        varför vilken denna detta dessa nu här där först två tre mer alla allt rätt igen mycket
        varje""",
    "da": """
        en et den det de og eller men ikke ingen jeg du han hun vi mig dig os dem sig er var
        være bliver har havde kan skal må med af til fra i på om for over under gennem uden ved
        efter før når da at som derfor fordi så også kun allerede end hvordan hvad hvem hvor
        hvorfor hvilken denne dette disse nu her der først to tre mere alle alt rigtigt igen
        meget hver""",
    "no": """
        en et den det de og eller men ikke ingen jeg du han hun vi meg deg oss dem seg er var
        være blir har hadde kan skal må med av til fra i på om for over under gjennom uten ved
        etter før når da at som derfor fordi så også bare allerede enn hvordan hva hvem hvor
        hvorfor hvilken denne dette disse nå her der først to tre mer alle alt riktig igjen mye
        hver""",
    "fi": """
        ja tai mutta ei en et emme minä sinä hän me te he se ne tämä nämä on ovat oli olivat
        olla ole voi täytyy pitää kun jos koska niin että joka jotka mikä mitä kuka missä miksi
        miten kuinka sitten nyt tässä siis myös vain vielä jo hyvin enemmän kaikki kaksi kolme
        ensin jälkeen kanssa ilman""",
    "hu": """
        a az egy és vagy de nem igen én te ő mi ti ők ez azt ezt ezek azok van vannak volt
        voltak lesz lehet kell hogy ha mert mivel tehát akkor amikor ami aki amely mely hol
        miért hogyan mennyi hány most itt ott már még is csak nagyon több minden két kettő három
        először után majd között""",
    "ro": """
        un o unui unei cel cea cei cele și sau dar nu da eu tu el ea noi voi ei ele mă te se ne
        este sunt era fi am are avem au poate trebuie cu fără de la din în pe pentru prin între
        până dacă că care cine ce când unde cum cât câte deoarece deci atunci așa foarte mai
        acest această acum aici apoi toate fiecare doi două trei""",
    "tr": """
        ve veya ama fakat değil bir bu şu o ben sen biz siz onlar bana sana ona bize için ile
        kadar gibi göre sonra önce her hiç çok daha en ki mi mı mu mü ne nasıl neden kim nerede
        hangi kaç eğer çünkü yani şimdi burada var yok olan olarak olur oldu olduğu ise da de
        iki üç bütün tüm""",
    "ms": """
        yang dan atau tetapi tapi tidak bukan saya anda dia kami kita mereka ini itu adalah
        ialah ada akan telah sudah sedang dapat bisa boleh harus dengan tanpa untuk dari
        daripada kepada pada di ke oleh dalam antara jika kalau karena kerana maka jadi juga
        lagi lebih sangat semua setiap apa siapa mana bagaimana mengapa berapa sekarang kemudian
        pertama dua tiga setelah""",
    "vi": """
        và hoặc nhưng không phải là có được các những một này đó tôi bạn chúng ta họ của cho với
        từ đến trong trên dưới nếu thì vì nên khi mà ở đây đã đang sẽ cũng rất hơn mỗi tất cả
        bao nhiêu gì ai đâu tại sao như thế nào bây giờ hai ba sau trước bằng số""",
    "sw": """
        na ya wa za la cha vya kwa ni si katika kutoka hadi bila lakini au kama ikiwa kwamba
        kwani sababu hivyo basi pia tu sana zaidi hii hiyo hizi hizo huu huo hapa pale sasa
        kisha baada kabla mimi wewe yeye sisi nyinyi wao yake yao yetu kila wote yote zote moja
        mbili tatu ngapi nani nini wapi ana ina wana kuna tuna jumla idadi hesabu kwanza sawa
        hata""",
    "tl": """
        ang ng sa mga na at o pero hindi ako ikaw siya kami tayo kayo sila ko mo niya natin nila
        ito iyon iyan dito doon ay may mayroon wala kung dahil kaya kapag para mula hanggang
        lahat bawat dalawa tatlo ano sino saan bakit paano ilan ngayon pagkatapos muna lang din
        rin pa""",
    "ru": """
        и в во не на с со к у о об от до по за из для без под над при между но или ни что чтобы
        если когда потому поэтому значит так как кто который которая которые где почему сколько
        я ты он она оно мы вы они меня мне нас нам его её их им это этот эта эти тот та те есть
        был была было были быть можно нужно надо теперь здесь уже ещё также только очень больше
        каждый все всего два три сначала затем потом тогда""",
    "uk": """
        і й та в у не на з із зі до від по за для без під над при між але або ні що щоб якщо
        коли тому отже так як хто який яка які де чому скільки я ти він вона воно ми ви вони
        мене мені нас нам його її їх це цей ця ці той є був була було були бути можна треба
        потрібно тепер тут вже ще також тільки дуже більше кожен всі усі два три спочатку потім
        тоді""",
    "bg": """
        и в във не на с със към у о от до по за из без под над при между но или нито че да ако
        когато защото затова значи така как кой коя който която които къде защо колко аз ти той
        тя то ние вие те мен ми нас ни го я ги това този тази тези е са беше бяха съм може
        трябва сега тук вече още също само много повече всеки всички две три първо след тогава""",
}
"""Code of each language -> its words."""
