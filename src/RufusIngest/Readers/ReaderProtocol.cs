using RufusIngest.Readers.Framing;

namespace RufusIngest.Readers;

/// <summary>A protocol by its name, with the parser behind it. Immutable, thread-safe.</summary>
public sealed class ReaderProtocol
{
    readonly Func<ReaderDecoder> _createDecoder;
    readonly Func<string, Func<ReaderDecoder>>? _withParameters;

    ReaderProtocol(
        string name,
        string description,
        Func<ReaderDecoder> createDecoder,
        Func<string, Func<ReaderDecoder>>? withParameters = null)
    {
        Name = name;
        Description = description;
        _createDecoder = createDecoder;
        _withParameters = withParameters;
    }

    /// <summary>
    /// Name used in settings and on the command line: lower case, no blanks; behind a colon the parameters, if any, as
    /// in <c>csv:chip,time</c>.
    /// </summary>
    public string Name { get; }

    /// <summary>Which devices speak it.</summary>
    public string Description { get; }

    /// <summary>It reads what many makers send, so that what it can read need not be a reader's.</summary>
    internal bool IsGeneric => this == RfidJson || this == Wedge;

    /// <summary>Alien readers' notifications.</summary>
    public static ReaderProtocol Alien { get; } = OfText<AlienProtocol>("alien", "Alien readers' notifications");

    /// <summary>Older AMB decoders: P98 lines and TranX-2.</summary>
    public static ReaderProtocol Amb { get; } =
        OfText<AmbProtocol>("amb", "older AMB decoders: P98 lines and TranX-2");

    /// <summary>CAEN easy2read.</summary>
    public static ReaderProtocol Caen { get; } = OfBinary<CaenProtocol>("caen", "CAEN easy2read");

    /// <summary>Chafon's newer readers and modules: CF-MU9xx, CF66x, CF69x, "UHF Prime".</summary>
    public static ReaderProtocol CfPrime { get; } =
        OfBinary<CfPrimeProtocol>("cfprime", "Chafon CF-MU9xx, CF66x, UHF Prime");

    /// <summary>Chronokeep portal.</summary>
    public static ReaderProtocol Chronokeep { get; } = OfJson<ChronokeepProtocol>("chronokeep", "Chronokeep portal");

    /// <summary>ChronoTrack: the CTP01 stream, its export, files of controllers.</summary>
    public static ReaderProtocol ChronoTrack { get; } =
        OfText<ChronoTrackProtocol>("chronotrack", "ChronoTrack: CTP01 stream, its export, controller files");

    /// <summary>CLOU and Hopeland CL7206: clock and controls; its tag notifications are rejects.</summary>
    public static ReaderProtocol Clou { get; } =
        OfBinary<ClouProtocol>("clou", "CLOU and Hopeland CL7206, without tags");

    /// <summary>RUFUS CloudBox, JSON over TCP, and its backup files.</summary>
    public static ReaderProtocol CloudBox { get; } =
        Create<CloudBoxParser>("cloudbox", "RUFUS CloudBox, live and backup files");

    /// <summary>Files with a row a read; parameters name the columns, as in <c>csv:chip,time,antenna</c>.</summary>
    public static ReaderProtocol Csv { get; } =
        OfText("csv", "files of columns, as in csv:chip,time,antenna", CsvProtocol.Parse);

    /// <summary>FEIBOT readers, live and files.</summary>
    public static ReaderProtocol Feibot { get; } = OfJson<FeibotProtocol>("feibot", "FEIBOT readers and files");

    /// <summary>FEIG OBID i-scan UHF readers: buffered reads.</summary>
    public static ReaderProtocol Feig { get; } =
        OfBinary<FeigProtocol>("feig", "FEIG OBID i-scan UHF, buffered reads");

    /// <summary>IPICO readers and Elite controllers.</summary>
    public static ReaderProtocol Ipico { get; } = Create<IpicoParser>("ipico", "IPICO readers and Elite controllers");

    /// <summary>J-Chip receivers and the bridges that imitate them.</summary>
    public static ReaderProtocol JChip { get; } =
        OfText<JChipProtocol>("jchip", "J-Chip receivers and bridges that imitate them");

    /// <summary>LLRP 1.0.1 and 1.1: Impinj, Zebra, Alien and most fixed UHF readers.</summary>
    public static ReaderProtocol Llrp { get; } =
        Create<LlrpParser>("llrp", "LLRP: Impinj, Zebra, Alien and most fixed readers");

    /// <summary>Macsha One4All and Ocelot; the parameter <c>entry</c> takes the entry time where there are
    /// two.</summary>
    public static ReaderProtocol Macsha { get; } =
        OfText("macsha", "Macsha One4All and Ocelot; macsha:entry for the entry time", MacshaProtocol.Parse);

    /// <summary>ThingMagic and JADAK modules: streamed and buffered reads.</summary>
    public static ReaderProtocol Mercury { get; } =
        OfBinary<MercuryProtocol>("mercury", "ThingMagic and JADAK modules");

    /// <summary>MYLAPS Timing &amp; Scoring exporter.</summary>
    public static ReaderProtocol Mylaps { get; } =
        OfText<MylapsProtocol>("mylaps", "MYLAPS Timing & Scoring exporter");

    /// <summary>Nordic ID NUR modules and Sampo readers.</summary>
    public static ReaderProtocol Nordic { get; } = OfBinary<NordicProtocol>("nordic", "Nordic ID NUR modules, Sampo");

    /// <summary>Orion files.</summary>
    public static ReaderProtocol Orion { get; } = OfText<OrionProtocol>("orion", "Orion files");

    /// <summary>MYLAPS and AMB decoders: P3; the parameter <c>code</c> takes printed codes.</summary>
    public static ReaderProtocol P3 { get; } =
        OfBinary("p3", "MYLAPS and AMB decoders; p3:code for printed codes", P3Protocol.Parse);

    /// <summary>PikaReader.</summary>
    public static ReaderProtocol PikaReader { get; } = OfJson<PikaReaderProtocol>("pikareader", "PikaReader");

    /// <summary>Boards with the Impinj R2000 chip; the parameter <c>battery</c> is for active tags.</summary>
    public static ReaderProtocol R2000 { get; } =
        OfBinary("r2000", "Impinj R2000 boards; r2000:battery for active tags", R2000Protocol.Parse);

    /// <summary>Impinj R700: stream, webhook, MQTT.</summary>
    public static ReaderProtocol R700 { get; } = OfJson<R700Protocol>("r700", "Impinj R700 and its relays");

    /// <summary>RACE RESULT decoders: live lines, files, HTTP uploads, exports of the timing software.</summary>
    public static ReaderProtocol RaceResult { get; } =
        OfText<RaceResultProtocol>("raceresult", "RACE RESULT decoders, uploads and exports");

    /// <summary>RACE RESULT 12 and 14: raw data in JSON.</summary>
    public static ReaderProtocol RaceResultJson { get; } =
        OfJson<RaceResultJsonProtocol>("raceresult-json", "RACE RESULT 12 and 14 raw data in JSON");

    /// <summary>RACE RESULT USB timing box.</summary>
    public static ReaderProtocol RaceResultUsb { get; } =
        OfText<RaceResultUsbProtocol>("raceresult-usb", "RACE RESULT USB timing box");

    /// <summary>JSON posts of RFID middleware and web readers.</summary>
    public static ReaderProtocol RfidJson { get; } =
        OfJson<RfidJsonProtocol>("rfidjson", "JSON posts of RFID middleware");

    /// <summary>Small serial readers of 125 kHz cards.</summary>
    public static ReaderProtocol SerialTag { get; } =
        Create<SerialTagParser>("serialtag", "small serial readers of 125 kHz cards");

    /// <summary>Impinj Speedway Connect, and reader boxes built on it.</summary>
    public static ReaderProtocol Speedway { get; } =
        OfJson<SpeedwayProtocol>("speedway", "Impinj Speedway Connect and boxes built on it");

    /// <summary>"SW" readers in active or answer mode.</summary>
    public static ReaderProtocol Swt { get; } = OfBinary<SwtProtocol>("swt", "SW readers in active or answer mode");

    /// <summary>Tag Heuer and Chronelec decoders.</summary>
    public static ReaderProtocol TagHeuer { get; } =
        OfText<TagHeuerProtocol>("tagheuer", "Tag Heuer and Chronelec decoders");

    /// <summary>Timing Sense, live and backup files.</summary>
    public static ReaderProtocol TimingSense { get; } =
        OfJson<TimingSenseProtocol>("timingsense", "Timing Sense, live and backup files");

    /// <summary>RACE RESULT Track Box: its HTTP requests as text.</summary>
    public static ReaderProtocol TrackBox { get; } =
        OfText<TrackBoxProtocol>("trackbox", "RACE RESULT Track Box, its HTTP requests");

    /// <summary>UHFReader18, UHFReader288, Chafon CF-RU; the parameter <c>18</c> or <c>288</c> says which
    /// family.</summary>
    public static ReaderProtocol UhfReader18 { get; } =
        OfBinary("uhfreader18", "UHFReader18, UHFReader288, Chafon CF-RU", UhfReader18Protocol.Parse);

    /// <summary>RFID Timing Ultra and Joey.</summary>
    public static ReaderProtocol Ultra { get; } = Create<UltraParser>("ultra", "RFID Timing Ultra and Joey");

    /// <summary>Readers that type codes as a keyboard; parameters say which, as in
    /// <c>wedge:length=10,digits=hex</c>.</summary>
    public static ReaderProtocol Wedge { get; } =
        OfText("wedge", "readers that type as a keyboard, as in wedge:length=10,digits=hex", WedgeProtocol.Parse);

    /// <summary>Boxes that speak Wiclax's generic protocol; a parameter is the mask of a line of their own.</summary>
    public static ReaderProtocol Wiclax { get; } =
        OfText("wiclax", "boxes with Wiclax's generic protocol; wiclax:MASK for their own line", WiclaxProtocol.Parse);

    /// <summary>YRM100, R200, M100 and JRD-4035 modules.</summary>
    public static ReaderProtocol Yrm100 { get; } = OfBinary<Yrm100Protocol>("yrm100", "YRM100, R200, M100 modules");

    /// <summary>Zebra IoT Connector: fixed readers and sleds.</summary>
    public static ReaderProtocol Zebra { get; } = OfJson<ZebraProtocol>("zebra", "Zebra IoT Connector");

    /// <summary>The protocols that come with the library.</summary>
    public static IReadOnlyList<ReaderProtocol> All { get; } =
    [
        Alien, Amb, Caen, CfPrime, Chronokeep, ChronoTrack, Clou, CloudBox, Csv, Feibot, Feig, Ipico, JChip,
        Llrp, Macsha, Mercury, Mylaps, Nordic, Orion, P3, PikaReader, R2000, R700, RaceResult, RaceResultJson,
        RaceResultUsb, RfidJson, SerialTag, Speedway, Swt, TagHeuer, TimingSense, TrackBox, UhfReader18, Ultra,
        Wedge, Wiclax, Yrm100, Zebra,
    ];

    /// <summary>Makes a protocol of a parser of one's own.</summary>
    /// <typeparam name="TParser">The parser; each connection starts with its <c>default</c>.</typeparam>
    /// <param name="name">Name used in settings; must differ from the others' in one pipeline.</param>
    /// <param name="description">Which devices speak it.</param>
    public static ReaderProtocol Create<TParser>(string name, string description)
        where TParser : struct, IReadParser => Create(name, description, default(TParser));

    /// <summary>Makes a protocol of a parser of one's own that has parameters.</summary>
    /// <typeparam name="TParser">The parser.</typeparam>
    /// <param name="name">Name used in settings; must differ from the others' in one pipeline.</param>
    /// <param name="description">Which devices speak it.</param>
    /// <param name="initial">What each connection starts with.</param>
    public static ReaderProtocol Create<TParser>(string name, string description, TParser initial)
        where TParser : struct, IReadParser
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new ReaderProtocol(name, description, () => ReaderDecoder.For(initial));
    }

    /// <summary>Finds one of <see cref="All"/> by name, in any case.</summary>
    /// <returns>The protocol, with the parameters that stand behind a colon, or null.</returns>
    /// <exception cref="FormatException">The parameters are not understood; the message says what is wrong.</exception>
    public static ReaderProtocol? Find(string name) => Find(All, name);

    /// <summary>As <see cref="Find(string)"/>, among the given ones.</summary>
    /// <exception cref="FormatException">The parameters are not understood; the message says what is wrong.</exception>
    public static ReaderProtocol? Find(IEnumerable<ReaderProtocol> protocols, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(protocols);
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        foreach (ReaderProtocol protocol in protocols)
        {
            if (protocol.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return protocol;
            if (colon > 0 && protocol._withParameters is not null
                && name.AsSpan(0, colon).Equals(protocol.Name, StringComparison.OrdinalIgnoreCase))
                return protocol.With(name[(colon + 1)..]);
        }

        return null;
    }

    static ReaderProtocol OfText<TProtocol>(string name, string description)
        where TProtocol : struct, ITextProtocol => Create<TextParser<TProtocol>>(name, description);

    static ReaderProtocol OfJson<TProtocol>(string name, string description)
        where TProtocol : struct, IJsonProtocol => Create<JsonParser<TProtocol>>(name, description);

    static ReaderProtocol OfBinary<TProtocol>(string name, string description)
        where TProtocol : struct, IBinaryProtocol => Create<BinaryParser<TProtocol>>(name, description);

    static ReaderProtocol OfText<TProtocol>(string name, string description, Func<string, TProtocol> parse)
        where TProtocol : struct, ITextProtocol =>
        WithParameters(name, description, parameters => new TextParser<TProtocol>(parse(parameters)));

    static ReaderProtocol OfBinary<TProtocol>(string name, string description, Func<string, TProtocol> parse)
        where TProtocol : struct, IBinaryProtocol =>
        WithParameters(name, description, parameters => new BinaryParser<TProtocol>(parse(parameters)));

    /// <summary>A protocol that takes parameters.</summary>
    /// <param name="name">The name without parameters.</param>
    /// <param name="description">Which devices speak it.</param>
    /// <param name="parse">Reads them; throws <see cref="FormatException"/> where it cannot. Without any, they are
    /// "".</param>
    static ReaderProtocol WithParameters<TParser>(string name, string description, Func<string, TParser> parse)
        where TParser : struct, IReadParser
    {
        return new ReaderProtocol(name, description, CreateWith(""), CreateWith);

        Func<ReaderDecoder> CreateWith(string parameters)
        {
            TParser initial = parse(parameters);
            return () => ReaderDecoder.For(initial);
        }
    }

    ReaderProtocol With(string parameters)
    {
        try
        {
            return new ReaderProtocol($"{Name}:{parameters}", Description, _withParameters!(parameters));
        }
        catch (FormatException exception)
        {
            throw new FormatException($"Protocol '{Name}:{parameters}': {exception.Message}", exception);
        }
    }

    internal ReaderDecoder CreateDecoder() => _createDecoder();

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
