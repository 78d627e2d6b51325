import Experiments
import Testing

@Suite struct LexicalJudgeTests {
    private let judge = LexicalJudge()

    @Test(arguments: [
        ("A man is riding a horse on the beach.", ["man", "horse"]),
        ("Two dogs and a cat sit on a red couch.", ["dogs", "cat", "red couch"]),
        ("There is a carpet on the floor.", ["carpet", "floor"]),
        ("A hot dog on a plate.", ["hot dog", "plate"]),
        ("A teddy bear in a dog bed.", ["teddy bear", "dog bed"]),
        ("A group of people stand around a table. The table is wooden, and the people laugh.", ["people", "table"]),
        ("There is no dog in the picture, and there are no cats or birds either, only a bus.", ["bus"]),
        ("A street without any cars but with a bicycle.", ["street", "bicycle"]),
        ("An orange cat looks at an orange and a banana.", ["orange cat", "orange", "banana"]),
        ("The sky is orange.", []),
        ("People cross the street while a boy watches the kites.", ["people", "street", "boy", "kites"]),
        ("A woman wants to train; she stands next to train tracks.", ["woman", "train tracks"]),
        ("A black and white dog.", ["black and white dog"]),
        (
            "The image shows a small red circle at the top left and a large blue star at the center.",
            ["small red circle", "large blue star"]
        ),
        ("The man's hat is on a small wooden bench.", ["man", "hat", "small wooden bench"]),
        ("A gizmo, a strange gadget mounted here, and an aardvark grazing.", ["gizmo", "strange gadget", "aardvark"]),
        ("A zebu grazes near the fence.", ["zebu", "fence"]),
        ("A variety of fruits, a pair of scissors, and a glass of water.", ["fruits", "scissors", "glass", "water"]),
        ("Two giraffes eat. One giraffe looks up, and the other giraffe sleeps.", ["giraffes"]),
        ("A dog and another dog. One of the dogs barks.", ["dog", "dog"]),
        ("A roll of toilet paper on a shelf.", ["toilet paper", "shelf"]),
        ("Yes.", []), ("", []), ("...!?", []),
    ])
    func tangibleObjectsAreListedOnce(text: String, objects: [String]) {
        #expect(judge.objects(in: text).map(\.text) == objects)
    }

    @Test(arguments: [
        ("A dog on a couch", "A puppy on a sofa", 2, 0, 0),
        ("A car", "A carpet", 0, 1, 1),
        ("A bear", "A teddy bear", 0, 1, 1),
        ("Three buses and several people", "A bus with a person", 2, 0, 0),
        ("mice, knives and shelves", "a computer mouse, a knife and a shelf", 3, 0, 0),
        ("A small red circle", "A red circle", 1, 0, 0),
        ("A small red circle", "A large red circle", 0, 1, 1),
        ("A red circle and a blue circle", "A blue circle", 1, 1, 0),
        ("A circle and a blue circle", "A blue circle and a red circle", 2, 0, 0),
        ("The circle is red.", "There is a blue circle.", 0, 1, 1),
        ("A man and a woman", "A woman", 1, 1, 0),
        ("A grey cat", "A gray kitten", 1, 0, 0),
        ("A dog", "No dog, but a cat", 0, 1, 1),
        ("A cat", "", 0, 1, 0),
        ("", "", 0, 0, 0),
    ])
    func objectsMatchOneToOne(reference: String, candidate: String, tp: Int, fn: Int, fp: Int) {
        let judgement = judge.judge(reference: reference, candidate: candidate)
        #expect(judgement.truePositives == tp)
        #expect(judgement.falseNegatives == fn)
        #expect(judgement.falsePositives == fp)
    }

    @Test func figuresFollowFromTheCounts() {
        let judgement = judge.judge(reference: "a cat, a dog and a car", candidate: "a cat, a bus, a dog and a kite")
        #expect(judgement.precision == 0.5)
        #expect(judgement.recall == 2.0 / 3)
        #expect(judgement.f1 == 4.0 / 7)
        let silent = judge.judge(reference: "a cat", candidate: "nothing")
        #expect((silent.precision, silent.recall, silent.f1) == (0, 0, 0))
        let empty = judge.judge(reference: "", candidate: "")
        #expect((empty.precision, empty.recall, empty.f1) == (1, 1, 1))
    }

    @Test func aTextAgreesWithItself() {
        let text = """
            The image shows a man in a blue shirt riding a brown horse. A dog runs beside the horse, and several people \
            watch from a wooden bench near two trucks, a fire hydrant and a traffic light.
            """
        let judgement = judge.judge(reference: text, candidate: text)
        #expect(judgement.f1 == 1)
        #expect(judgement.truePositives >= 9)
    }

    @Test func aPhraseIsNamedByItselfOrASynonym() {
        #expect(judge.names("dog", in: "Two puppies play."))
        #expect(judge.names("car", in: "Cars wait."))
        #expect(!judge.names("car", in: "The carpet is red."))
        #expect(!judge.names("red circle", in: "A blue circle."))
        #expect(judge.names("flux capacitor", in: "It has a flux capacitor."))
    }
}
