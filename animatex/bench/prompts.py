"""Text prompts for pictures of anthropomorphic characters, by the paper's template.

The paper's characters come from a text-to-image model; its template names an object of one of four kinds, a
season, a province and a location. The words here are our own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from animatex.errors import ConfigError

OBJECTS = {
    "plant": """
        a sunflower, a cactus, a mushroom, a pine tree, a tulip, a bamboo shoot, a fern, a bonsai, a
        dandelion, a lotus, an aloe, a maple tree, a clover, a rose, a willow, an acorn, a water lily, a
        thistle, a ginkgo, a potted ivy, a snowdrop, a pumpkin vine, a lavender bush, a palm tree, a
        daisy
    """,
    "animal": """
        a fox, a panda, a rabbit, a bear, an otter, a hedgehog, a frog, a penguin, a tiger, a squirrel,
        a koala, a raccoon, an owl, a cat, a dog, a deer, a duck, a crocodile, a mouse, a red panda, an
        elephant, a crane, a turtle, a wolf, a sheep
    """,
    "food": """
        an avocado, a loaf of bread, a cupcake, a dumpling, a carton of milk, a slice of cheese, a
        boiled egg, a burger, a doughnut, a watermelon, a bowl of noodles, a carrot, an ice cream cone,
        a jar of honey, a pear, a rice ball, a pancake, a chilli pepper, a pretzel, a pineapple, a
        potato, a tomato, a strawberry, a steamed bun, a mooncake
    """,
    "furniture": """
        a wardrobe, a floor lamp, an armchair, a bookshelf, a kettle, an alarm clock, a chest of
        drawers, a pillow, a sofa, a stool, a mirror, a television, a teapot, a bed, a desk, a rug, a
        vase, a candle, a coat stand, a rocking chair, a bathtub, a cupboard, a grandfather clock, a
        bench, a piano
    """,
}
"""What can come alive, by the paper's kinds."""

SEASONS = ("spring", "summer", "autumn", "winter")

PROVINCES = """
    Anhui, Fujian, Gansu, Guangdong, Guizhou, Hainan, Hebei, Heilongjiang, Henan, Hubei, Hunan, Jiangsu,
    Jiangxi, Jilin, Liaoning, Qinghai, Shaanxi, Shandong, Shanxi, Sichuan, Yunnan, Zhejiang
"""

LOCATIONS = """
    in a village square, by a lake, on a mountain path, in an old street, in a tea garden, on a stone
    bridge, at a night market, in a bamboo grove, on a beach, in front of a temple gate, in a rice
    field, in a city park, on a rooftop, at a railway station, in a courtyard, by a river, in a flower
    meadow, on a theatre stage, in a harbour, in a living room
"""

TEMPLATE = (
    "{object} come alive as a character, with a face, two arms and two legs, standing upright and facing the "
    "viewer, the whole body in the picture, {location} in {province} in {season}"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, and what was put into the template.

    Attributes:
        text: The prompt.
        kind: "plant", "animal", "food" or "furniture".
        object: Such as "a cactus".
        season: Such as "winter".
        province: Such as "Yunnan".
        location: Such as "by a lake".
    """

    text: str
    kind: str
    object: str
    season: str
    province: str
    location: str


def write_prompts(count: int, seed: int) -> tuple[Prompt, ...]:
    """Draw prompts, all of them different; the kinds take turns.

    Args:
        count: How many.
        seed: Of the choices; more prompts of a seed begin with the fewer ones.

    Raises:
        ConfigError: There are not so many.
    """
    objects = {kind: _words(words) for kind, words in OBJECTS.items()}
    provinces, locations = _words(PROVINCES), _words(LOCATIONS)
    limit = sum(map(len, objects.values())) * len(SEASONS) * len(provinces) * len(locations)
    # Beyond half of them the search for one that is new would take long.
    if not 1 <= count <= limit // 2:
        raise ConfigError(f"-n {count}: from 1 to {limit // 2} prompts can be written")
    rng = random.Random(seed)
    prompts: dict[str, Prompt] = {}
    while len(prompts) < count:
        kind = list(objects)[len(prompts) % len(objects)]
        prompt = _prompt(
            kind, rng.choice(objects[kind]), rng.choice(SEASONS), rng.choice(provinces), rng.choice(locations)
        )
        prompts.setdefault(prompt.text, prompt)
    return tuple(prompts.values())


def _prompt(kind: str, object: str, season: str, province: str, location: str) -> Prompt:
    text = TEMPLATE.format(object=object, season=season, province=province, location=location)
    return Prompt(text[0].upper() + text[1:], kind, object, season, province, location)


def _words(text: str) -> list[str]:
    return [" ".join(word.split()) for word in text.split(",")]
