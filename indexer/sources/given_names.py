"""Frequent given names, by which a list such as `John Smith, Kim Doe` is told from one inverted name.

Names that are as frequent as family names (`Martin`, `Lee`, `Scott`) are left out, because they decide nothing.
"""

from __future__ import annotations

_NAMES = """
aaron abdul abdullah adam adrian agnes ahmad ahmed aisha alan albert alejandro aleksandr alessandro alex alexander
alexandra alexandre alexei alfred ali alice alicia alison amanda amelia amy ana anders andrea andreas andrei andrew
andré angela anika anil anita anja ann anna anne annette anthony antoine anton antonio anya ariel arjun artem arthur
arun ashley astrid audrey axel barbara beatrice beatriz ben benjamin bernard bernd beth birgit bjorn björn bob boris
brandon brenda brian bridget bruno camila carl carla carlos carmen carol caroline catherine cecilia chandra charles
charlotte chiara chloe chris christian christina christine christoph christopher claire clara claudia claudio colin
cristina cynthia daniel daniela darren david deborah deepak denis diana diego dieter dimitri dmitri dmitry dominik
dominique donald donna dorothy douglas eduardo edward elena elias elisa elizabeth ella ellen emil emilia emily emma
enrique eric erik erika esther ethan eugene eva evelyn fatima federico felipe felix fernando filip fiona florian
francesca francesco francisco franco frank franz françois frederick frederik fritz gabriel gabriela gabriele gareth
gary geoffrey georg george gerald gerard gerd gianni giorgio giovanni giulia giuseppe gloria grace gregory guido
guillaume gustav gustavo hannah hans harold harry hassan heather heidi heike heinrich helen helena helga helmut henri
henrik hiroshi hugo ian ibrahim igor ingrid irene irina isaac isabel isabella ivan ivana jack jacob jacqueline jacques
jakob james jamie jan jana jane janet jason javier jean jeffrey jennifer jens jeremy jerome jerry jesse jessica jill
jim joachim joan joanna joel johan johann johannes john jonas jonathan jorge josef joseph joshua josé joão juan judith
juha julia julian julie julien jun jürgen karen karin karl katarina kate katharina katherine kathleen kathryn katja
keith kenji kenneth kerstin kevin kim kirsten klaus kristin kristina kumiko kurt lars laura lauren laurent lena leo
leon leonardo leonid leslie liam linda lisa liz lorenzo louise luca lucas lucia lucy luigi luis luisa lukas luke lydia
magdalena manfred manuel manuela marc marcel marcin marco marcus margaret maria marianne marie marina mario marion
mark marko markus marta martha martina mary mathias matteo matthew matthias maurice mauro max megan mehmet melissa mia
michael michel michele michelle miguel mika mike mikhail milan miriam mohamed mohammad mohammed mohsen monica monika
muhammad mustafa nadia nancy naomi natalia natalie natasha nathan neil nicholas nick nicola nicolas nicole niels
nikhil niklas nikolai nils nina noah nora olaf oleg olga oliver olivia olivier omar oscar otto pablo pamela paola
paolo patricia patrick paula pauline pavel pedro per peter petra philip philipp philippe pierre piotr priya rachel
rafael rahul rainer raj rajesh ralf ramesh raul ravi rebecca reza ricardo richard rita robert roberto robin rodrigo
roger roland rolf roman ronald rosa ruth sabine salvatore sam samantha samuel sandra sanjay sara sarah sebastian
sergei sergey sergio sharon shirley silvia simon simone sofia sonia sophia sophie stefan stefania stefano stephanie
stephen steve steven stuart sunil suresh susan susanne suzanne sven svetlana sylvia tamara tanja tatiana teresa
theodore theresa thierry thomas thorsten tim timothy tina tobias tom tomas torsten tracy ulrich ulrike ursula
valentina valeria vanessa vera veronica victor victoria vijay viktor vincent vincenzo virginia vladimir walter wendy
werner wilhelm william wolfgang xavier yasmin yuki yuri yves yvonne zachary zoe
"""
GIVEN_NAMES = frozenset(_NAMES.split())


def is_given_name(word: str) -> bool:
    """Return whether a word is a frequent given name."""
    return word.casefold() in GIVEN_NAMES
