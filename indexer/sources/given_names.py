"""Frequent given names, by which a list such as `John Smith, Kim Doe` is told from one inverted name.

Names that are as frequent as family names (`Martin`, `Lee`, `Scott`) are left out, because they decide nothing.
"""

from __future__ import annotations

_NAMES = """
aaron abdul abdullah ada adam adele adrian agata agnes agnieszka ahmad ahmed aiko aisha akira alan alba albert aldo
alejandro aleksandr alena alessandra alessandro alex alexander alexandra alexandre alexei alexis alfred alfredo ali
alice alicia alina alison allison alma amanda amelia amina amir amit amy ana anders andrea andreas andrei andrew
andrzej andré andrés angela angelo anika anil anita anja ann anna anne annette annika anouk ansgar anthony antoine
anton antonia antonio antónio anurag anya apostolos ariadne ariel arjun arne artem arthur artur arturo arun ashley
astrid athina audra audrey augusto aurora aurélie axel ayse ayşe barbara bartosz bea beatrice beatriz ben benedikt
bengt benjamin benoit benoît bernard bernd beth bettina birgit birgitta bjorn björn blanca bo bob bogdan boris bram
brandon branko brenda brian bridget britta bruna bruno camila camille candice carina carl carla carlos carmen carol
carolin caroline carolyn casper catherine cecile cecilia cedric celia celine chandra chantal charlene charles
charlotte chiara chloe chris christa christian christiane christina christine christoph christopher christos cindy
claire clara claudia claudine claudio clemens colin connie constantinos corinna cornelia cristina cynthia cyril cécile
cédric céline dagmar damien daniel daniela danuta dario darko darren david deborah debra deepak delphine demetrios
denis denise derek diana diane diego dieter dimitri dimitrios dimitris dina dino dmitri dmitry dominik dominique
donald donna doris dorota dorothea dorothy douglas dusan edgar edith eduard eduardo edward edwin eileen eleanor elena
eleni elias elin elisa elizabeth elizaveta elke ella ellen elodie elsa emanuele emil emilia emilie emilio emily emma
emmanuelle enrico enrique erhard eric erik erika erin ernesto erwin esther ethan eugene eva evangelos evelyn evgeny
fabien fabio fabrice farah fatima fatma federico felipe felix fernanda fernando filip fiona flavia flavio florence
florian frances francesca francesco francine francisco franciszek franco francois frank franz françois françoise
frederick frederik freya frida fritz gabor gabriel gabriela gabriele gareth gary gaël geoffrey georg george georgios
gerald gerard gerd gerhard gertrud gianni gina giorgia giorgio giovanna giovanni gisela giulia giuseppe gloria grace
gregory greta grzegorz guadalupe guido guillaume gunnar gustav gustavo gábor günter günther hana hanna hannah hans
harald harold harriet harry hassan heather hedwig heidi heike heinrich heinz helen helena helene helga helmut hendrik
henri henrietta henriette henrik hilary hilda hiroshi hortense hugo iain ian ibrahim ignacio igor ilaria ilya ines
inga inge ingrid ioana ioannis irene irina iris irma isaac isabel isabella isabelle istvan istván ivan ivana ivo
jaakko jacek jack jacob jacqueline jacques jaime jakob jakub james jamie jan jana jane janet janina janine jaroslav
jasmin jasmine jason javed javier jean jeanne jeffrey jelena jennifer jenny jens jeremy jeroen jerome jerry jesper
jesse jessica jette jill jim jiri joachim joan joana joann joanna jocelyn jochen joel johan johann johannes john jonas
jonathan joost jordi jorge jorgen josef joseph joshua josé joyce joze joão juan juanita judith juha jukka julia julian
julie julien julio jun jussi justyna jutta józef jörg jørgen jürgen kaitlyn kamal karel karen karin karina karl
karolina kasper katarina kate katerina katharina katherina katherine kathleen kathrin kathryn katja katrin katrina
kazuo keith kenji kenneth kerstin kevin kim kimberly kirsten klaus konstantin konstantinos krista kristen kristian
kristin kristina krystyna krzysztof kumiko kurt laila lara lars laura lauren laurent leandro leila lena lennart leo
leon leonardo leonid leopold leslie liam lieselotte lina linda lionel lisa lisbeth liz loic lora lorenzo lothar lotte
louise luca lucas lucia luciano lucie lucile lucy ludovic luigi luis luisa luise lukas luke lydia lászló maarten
maciej maddalena madeleine magdalena maja malgorzata malte manfred manuel manuela mara marc marcel marcela marcelo
marcin marco marcus marek margaret margarita margit margot maria mariana marianne maribel marie marija marilyn marina
mario marion marisa maristela mark marko markus marlene marta martha martijn martina mary matej mathias mathieu
mathilde matteo matthew matthias matthieu matti maureen maurice mauro max maxime megan mehdi mehmet melanie melissa
mercedes merete mette mia michael michaela michal michał michel michele michelle miguel mika mikael mike mikhail mikko
mila milan mina mira mireille miriam mirjam mohamad mohamed mohammad mohammadreza mohammed mohsen monica monika moritz
muhammad mustafa mustapha myriam mónica nadia nadine nadja nancy naomi natalia natalie natalya natasha nathan neil
nele nicholas nick nicola nicolas nicole nicolette niels nigel nikhil niklas nikola nikolai nikolaos nikolay nils nina
noah noelia nora norbert norma odile olaf olav oleg oleksandr olena olga oliver olivia olivier omar ondrej oriol oscar
oskar ottavio otto pablo paloma pamela panagiotis paola paolo pascale patricia patrick patrik patrizia paula paulina
pauline paulo pavel pawel paweł pedro peggy penelope per peter petra philip philipp philippe pia pierre pietro pilar
piotr pranav predrag priya quentin rachel radek rafael raffaele raffaella rahul raimund rainer raj rajesh ralf ramesh
ramona raquel raul ravi raymond rebecca regina reinhard remi renata renate renato renaud rené renée reza ricardo
riccardo richard rima rita robert roberta roberto robin rocío rodolfo rodrigo roger roland rolando rolf romain roman
ronald ronan rosa rosalia rosalind rosemary ruben rudolf rune ruth sabine sabrina sakura salma salvatore sam samantha
samuel samuele sandra sanjay sanna sara sarah sasha saskia satoshi sebastian serge sergei sergey sergio sharon sheila
shirley shreya sigrid silke silvia silvio simon simona simone sina siobhan snezana sofia solveig sonia sophia sophie
soren stacy stanislaw stefan stefania stefano stella stepan stephan stephane stephanie stephen steve steven stine
stuart sudhir sumit sunil sunita suresh susan susanne suzanne svein sven svetlana sybille sylvain sylvia sylvie sára
sébastien søren tadeusz takashi takeshi tamara tania tanja tara tatiana tatjana teresa tero tessa thea theodore
theresa thibault thierry thijs thomas thorbjørn thorsten tiago tibor tiina tim timo timothy tina tobias tom tomas
tomasz tommaso tomáš torsten tove traci tracy trine ugo ulf ulrich ulrike umberto ursula uwe valentina valeria valerie
valérie vanessa vasileios vera veronica veronika vesna vicente victor victoria vijay viktor viktoria vilma vincent
vincenza vincenzo violeta virginia vito vivian vladimir volker walter waltraud wanda wendy werner wiebke wilfried
wilhelm willem william willy wim wojciech wolfgang xavier xenia yann yannick yasmin yasmine yoko yolanda yoshiko yuki
yuri yves yvette yvonne zachary zainab zeynep zoe zoltan zoltán zoé zsuzsanna álvaro émilie éric étienne şule
"""
GIVEN_NAMES = frozenset(_NAMES.split())


def is_given_name(word: str) -> bool:
    """Return whether a word is a frequent given name, or begins with one before a hyphen (`Anna-Lena`)."""
    return word.casefold().partition("-")[0] in GIVEN_NAMES
