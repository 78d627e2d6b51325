extension ObjectLexicon {
    /// One class a line; a line without a colon lists classes that have no synonyms.
    static let table = """
        person: human, man, woman, boy, girl, child, kid, baby, toddler, infant, adult, teenager, lady, gentleman, guy, \
        individual, pedestrian, passenger, rider, cyclist, bicyclist, biker, motorcyclist, skier, snowboarder, \
        skateboarder, skater, surfer, swimmer, runner, jogger, player, batter, catcher, pitcher, umpire, referee, \
        athlete, worker, chef, waiter, waitress, driver, farmer, soldier, officer, policeman, policewoman, firefighter, \
        student, teacher, doctor, nurse, tourist, spectator, onlooker, bystander, shopper, customer, vendor, jockey, \
        mother, father, mom, dad, daughter, son, brother, sister, bride, groom, friend, crowd, family, audience, \
        baseball player, tennis player, soccer player, police officer
        bicycle: bike, cycle
        car: automobile, sedan, taxi, cab, suv, jeep, hatchback, convertible, minivan, police car, sports car, vehicle
        motorcycle: motorbike, scooter, moped, dirt bike
        airplane: plane, aeroplane, jet, aircraft, airliner, jetliner, biplane
        bus: double decker bus, double decker, school bus, minibus
        train: locomotive, passenger train, freight train, subway train, steam engine, tram, streetcar, trolley
        truck: lorry, pickup, pickup truck, fire truck, firetruck, semi, trailer, dump truck, van
        boat: ship, sailboat, canoe, kayak, ferry, yacht, rowboat, speedboat, barge, motorboat, gondola, raft
        traffic light: traffic signal, stoplight, stop light
        fire hydrant: hydrant
        stop sign
        parking meter
        bench: park bench
        bird: pigeon, duck, seagull, gull, goose, swan, owl, eagle, hawk, parrot, chicken, rooster, hen, crow, sparrow, \
        peacock, ostrich, flamingo, penguin, robin, heron
        cat: kitten, kitty
        dog: puppy, pup, labrador, retriever, golden retriever, poodle, bulldog, terrier, dachshund, beagle, hound
        horse: pony, foal, mare, stallion
        sheep: lamb, ram, ewe
        cow: cattle, bull, calf, ox, steer
        elephant
        bear: polar bear, brown bear, grizzly bear, grizzly, bear cub
        zebra
        giraffe
        backpack: rucksack, knapsack
        umbrella: parasol
        handbag: purse, pocketbook
        tie: necktie, bow tie, bowtie
        suitcase: luggage, briefcase, carry-on
        frisbee: flying disc
        skis: ski
        snowboard
        ball: sports ball, baseball, basketball, soccer ball, football, tennis ball, volleyball, beach ball
        kite
        baseball bat: bat
        baseball glove: mitt, baseball mitt, catcher's mitt
        skateboard: longboard
        surfboard: surf board, bodyboard, paddleboard
        tennis racket: tennis racquet, racket, racquet
        bottle: wine bottle, water bottle, beer bottle
        wine glass: wineglass, goblet
        glass: drinking glass
        cup: mug, coffee cup, teacup, coffee mug
        fork
        knife: butter knife
        spoon: ladle
        bowl
        banana
        apple
        sandwich: hamburger, burger, cheeseburger, sub
        orange: tangerine, mandarin
        broccoli
        carrot
        hot dog: hotdog, sausage
        pizza
        donut: doughnut, bagel
        cake: cupcake, birthday cake, cheesecake
        chair: armchair, stool, recliner, rocking chair, highchair, high chair, office chair
        couch: sofa, loveseat, settee, futon
        potted plant: houseplant, house plant, plant
        bed: bunk bed, mattress, crib, cot
        table: dining table, dining room table, coffee table, dinner table, kitchen table, side table, end table, \
        nightstand, picnic table, night stand
        toilet: urinal, toilet bowl, commode
        tv: television, tv set, television set, tv screen, flat screen tv, flatscreen
        laptop: laptop computer, notebook computer, macbook
        mouse: computer mouse
        remote: remote control, controller, game controller, wii remote, tv remote
        keyboard: computer keyboard
        cell phone: cellphone, mobile phone, phone, smartphone, telephone, iphone
        microwave: microwave oven
        oven: stove, stovetop, stove top
        toaster: toaster oven
        sink: washbasin, basin
        refrigerator: fridge, freezer
        book: notebook, textbook, magazine, novel
        clock: wall clock, alarm clock, clock face
        vase
        scissors
        teddy bear: stuffed bear, teddy, stuffed animal, plush toy
        hair dryer: hair drier, hairdryer, blow dryer
        toothbrush

        monitor: computer monitor, screen, computer screen
        computer: desktop computer, pc, desktop
        desk: computer desk
        building: skyscraper, house, barn, church, tower, clock tower, apartment, cottage, cabin, shed, hut, castle, temple, store, shop
        road: street, highway, avenue, lane
        sidewalk: pavement, walkway, footpath, pathway, path
        tree: palm tree, christmas tree, pine tree, oak
        bush: shrub, hedge
        grass: lawn
        flower: rose, tulip, sunflower, daisy, bouquet
        hat: cap, baseball cap, beanie, sun hat, cowboy hat
        shirt: t-shirt, tee shirt, blouse, polo shirt, jersey, sweatshirt, sweater
        jacket: coat, blazer, hoodie, vest
        pants: trousers, jeans, slacks
        shorts
        dress: gown, skirt
        shoe: sneaker, boot, sandal, flip flop, slipper
        glasses: eyeglasses, spectacles
        sunglasses: goggles
        helmet
        glove
        sock
        belt
        scarf
        suit: tuxedo
        watch: wristwatch
        bag: shopping bag, plastic bag, paper bag, tote
        box: cardboard box, carton, crate, container
        basket
        plate: dish, saucer, platter
        tray
        pot: pan, frying pan, skillet, saucepan
        jar
        candle
        lamp: table lamp, floor lamp, desk lamp
        street light: streetlight, lamppost, lamp post, street lamp, light pole
        mirror
        window
        door: doorway
        curtain: drape, blinds
        pillow: cushion
        blanket: quilt, comforter, bedspread
        towel
        rug: carpet, mat
        shelf: bookshelf, bookcase
        cabinet: cupboard, dresser, wardrobe, drawer
        counter: countertop, kitchen counter
        faucet: tap
        bathtub: tub, bath
        shower: shower head
        fireplace
        fan: ceiling fan
        fence: railing, picket fence, chain link fence
        wall
        floor
        ceiling
        roof
        stairs: stair, staircase, steps
        bridge
        pole: post, utility pole, telephone pole
        sign: street sign, billboard, traffic sign, signpost
        flag: banner
        statue: sculpture, monument
        fountain
        rock: stone, boulder, pebble
        mountain: hill, cliff
        river: stream, creek
        lake: pond
        ocean: sea
        wave
        water
        snow
        sand
        tent: canopy, awning
        wheel: tire, tyre
        cart: carriage, wagon, shopping cart
        stroller: baby carriage, pram
        wheelchair
        helicopter, rocket, tractor, bulldozer, crane, tank, forklift, ambulance
        train track: track, railroad track, rail, railway track, railroad
        train station: station, platform
        fruit
        vegetable
        lemon, lime, strawberry, grape, pear, peach, pineapple, watermelon, tomato, potato, onion, pepper, lettuce
        cucumber, mushroom, corn, bean, rice, pasta, soup, salad, cheese, bacon, egg, meat, steak, fish, shrimp
        bread: toast, bun, roll, loaf
        french fry: fries, fry, chip
        cookie: biscuit
        pie: tart
        dessert: pastry
        ice cream
        candy: chocolate
        coffee, tea, juice, milk, beer, soda
        wine: red wine, white wine
        napkin: tissue, paper towel
        paper: sheet of paper
        pen: pencil, marker
        camera
        speaker
        microphone
        guitar, piano, drum, violin, trumpet
        painting: picture frame, poster, portrait
        toy: doll, lego
        balloon
        rope: string, cord
        chain
        ladder
        hammer, screwdriver, drill, shovel, broom, bucket, hose
        trash can: garbage can, trash bin, dustbin, rubbish bin, recycling bin, bin, wastebasket
        mailbox: letterbox
        bathroom cabinet, medicine cabinet, toilet paper, soap, toothpaste
        rabbit: bunny, hare
        monkey: ape, chimpanzee, gorilla
        goat, pig, deer, lion, tiger, wolf, fox, squirrel, camel, kangaroo, panda, turtle, frog, snake, lizard
        rat: hamster
        butterfly: moth
        bee: wasp
        spider, insect
        shark, whale, dolphin
        egg carton, cutting board, wine rack, tennis court, tennis net, net, goal, scoreboard, ramp
        airport, runway, dock, pier

        circle: disc, disk, dot
        square
        triangle
        star
        diamond: rhombus
        cross: plus sign
        heart
        ring: hoop, donut shape
        rectangle, oval, hexagon, pentagon, cube, sphere, cylinder, cone
        """
}
