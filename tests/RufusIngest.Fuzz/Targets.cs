using RufusIngest.Fuzz.Readings;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using static RufusIngest.Fuzz.Readings.JsonReadings;
using static RufusIngest.Fuzz.Readings.LineReadings;

namespace RufusIngest.Fuzz;

/// <summary>All targets. A protocol is one line here and its slow reading.</summary>
static class Targets
{
    const string AllColumns = "chip,time-dmy,date,antenna,rssi,hits,number,reader,point";

    /// <summary>Made anew for each caller: a target is of one thread.</summary>
    public static IReadOnlyList<Target> Create() =>
    [
        Text<AlienProtocol>("alien", () => new AlienReading().Next),
        Text<AmbProtocol>("amb", Amb),
        Binary<CaenProtocol>("caen", BinaryReadings.Of(SlowCaen.LengthAt, SlowCaen.ReadsOf)),
        Binary<CfPrimeProtocol>("cfprime", BinaryReadings.Of(SlowCfPrime.LengthAt, SlowCfPrime.ReadsOf)),
        Json<ChronokeepProtocol>("chronokeep", Chronokeep),
        Text<ChronoTrackProtocol>("chronotrack", ChronoTrack),
        Binary<ClouProtocol>("clou", BinaryReadings.Of(SlowClou.LengthAt, _ => []), default, null,
            "\u00AA\u0001\u0011\0\0\u0095\u0057\u00AA\u0001\0\0\0\u0094\u0003"),
        Of<CloudBoxParser>("cloudbox", CloudBox),
        Text("csv", () => new CsvReading("chip,time").Next, CsvProtocol.Parse("")),
        Text("csv-all", () => new CsvReading(AllColumns).Next, CsvProtocol.Parse(AllColumns), "csv",
            "12,17/05/2026 08:00:00.123,,1,-60.5,7,42,2,Finish\r\n\"1\"\"2\",8:00:00,2026-05-17,,,,,,\n"),
        Text("csv-days", () => new CsvReading("chip,days").Next, CsvProtocol.Parse("chip,days"), "csv",
            "12,46159.333334491\r\n13,0.33333449\n\"14\",\"46159,5\"\n"),
        Text("csv-unix", () => new CsvReading("unix,chip").Next, CsvProtocol.Parse("unix,chip"), "csv",
            "1779004800,12\r\n1779004800.5,13\n1779004800123456,14\n"),
        Json<FeibotProtocol>("feibot", Feibot),
        Binary<FeigProtocol>("feig", BinaryReadings.Of(SlowFeig.LengthAt, SlowFeig.ReadsOf)),
        Of<IpicoParser>("ipico", Ipico),
        Text<JChipProtocol>("jchip", JChip),
        new Target<LlrpParser>("llrp", "llrp", BinaryReadings.Llrp(), default),
        Text<MacshaProtocol>("macsha", step => Macsha(step, entry: false)),
        Text("macsha-entry", () => Reads(step => Macsha(step, entry: true)), MacshaProtocol.Parse("entry"), "macsha"),
        Binary<MercuryProtocol>("mercury", BinaryReadings.Of(SlowMercury.LengthAt, SlowMercury.ReadsOf)),
        Text<MylapsProtocol>("mylaps", MylapsReading.Read),
        Binary<NordicProtocol>("nordic", BinaryReadings.Of(SlowNordic.LengthAt, SlowNordic.ReadsOf)),
        Text<OrionProtocol>("orion", Orion),
        Binary<P3Protocol>("p3", BinaryReadings.Of(SlowP3.LengthAt, record => SlowP3.ReadsOf(record))),
        Binary("p3-code", BinaryReadings.Of(SlowP3.LengthAt, record => SlowP3.ReadsOf(record, true)),
            P3Protocol.Parse("code"), "p3"),
        Json<PikaReaderProtocol>("pikareader", PikaReader),
        Binary<R2000Protocol>("r2000", BinaryReadings.Of(SlowR2000.LengthAt, frame => SlowR2000.ReadsOf(frame))),
        Json<R700Protocol>("r700", R700),
        Text<RaceResultProtocol>("raceresult", RaceResultReading.Read),
        Json<RaceResultJsonProtocol>("raceresult-json", RaceResult),
        Text<RaceResultUsbProtocol>("raceresult-usb", () => new RaceResultUsbReading().Next),
        Json<RfidJsonProtocol>("rfidjson", () => new PostReading(PostReading.RfidJson, PostReading.RfidCode).Next),
        Of<SerialTagParser>("serialtag", SerialTag),
        Json<SpeedwayProtocol>("speedway", () => new PostReading(PostReading.Speedway, PostReading.SpeedwayLine).Next),
        Binary<SwtProtocol>("swt", BinaryReadings.Of(SlowSwt.LengthAt, SlowSwt.ReadsOf)),
        Text<TagHeuerProtocol>("tagheuer", TagHeuer),
        Json<TimingSenseProtocol>("timingsense", TimingSense),
        Text<TrackBoxProtocol>("trackbox", () => new TrackBoxReading().Next),
        Binary<UhfReader18Protocol>("uhfreader18", BinaryReadings.UhfReader18(0)),
        Binary("uhfreader18-288", BinaryReadings.UhfReader18(288), UhfReader18Protocol.Parse("288"), "uhfreader18"),
        Of<UltraParser>("ultra", Ultra),
        Text("wedge", () => Reads(Wedge), WedgeProtocol.Parse("")),
        Text("wedge-reverse", () => Reads(WedgeReversed),
            WedgeProtocol.Parse("digits=hex,length=10,reverse,to=decimal"), "wedge"),
        Text("wiclax", () => Reads(Wiclax), WiclaxProtocol.Parse("")),
        Text("wiclax-mask", () => Reads(WiclaxMasked), WiclaxProtocol.Parse("C,YYYYMMDDhhmmssccc,@"), "wiclax",
            "12,20260517080000123,Start\r\nRACESTART 08:00:00,000\r\n"),
        Binary<Yrm100Protocol>("yrm100", BinaryReadings.Of(SlowYrm100.LengthAt, SlowYrm100.ReadsOf)),
        Json<ZebraProtocol>("zebra", () => new PostReading(PostReading.Zebra).Next),
    ];

    /// <summary>A reading that notes nothing, asked for reads only.</summary>
    static Reading Reads(Reading reading) => step => step.HasRead ? reading(step) : null;

    static Target<TParser> Of<TParser>(string name, Reading reading)
        where TParser : struct, IReadParser => new(name, name, () => Reads(reading), default);

    static Target<TextParser<TProtocol>> Text<TProtocol>(string name, Reading reading)
        where TProtocol : struct, ITextProtocol => Of<TextParser<TProtocol>>(name, reading);

    static Target<TextParser<TProtocol>> Text<TProtocol>(
        string name, Func<Reading> reading, TProtocol protocol = default, string? of = null, params string[] seeds)
        where TProtocol : struct, ITextProtocol => new(name, of ?? name, reading, new(protocol)) { Seeds = seeds };

    static Target<BinaryParser<TProtocol>> Binary<TProtocol>(
        string name, Func<Reading> reading, TProtocol protocol = default, string? of = null, params string[] seeds)
        where TProtocol : struct, IBinaryProtocol => new(name, of ?? name, reading, new(protocol)) { Seeds = seeds };

    static Target<JsonParser<TProtocol>> Json<TProtocol>(string name, Reading reading)
        where TProtocol : struct, IJsonProtocol => Of<JsonParser<TProtocol>>(name, reading);

    static Target<JsonParser<TProtocol>> Json<TProtocol>(string name, Func<Reading> reading)
        where TProtocol : struct, IJsonProtocol => new(name, name, reading, new(default));
}
