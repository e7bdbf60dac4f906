using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.MylapsProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed partial class MylapsTests
{
    const string Folder = "mylaps-exporter";
    const string Session = "v1-2025-04-10-11.rx.bin";
    const string Guard = "Split 1@Passing@t=09:08:07.006|c=GUARD01|d=250102@";
    const string Keys =
        "c=BK40512|ct=LF|d=240229|t=23:59:59.999|l=7|h=12|dv=3|re=2|an=00000101|g=0|b=77|n=77|utc=1|xyz=9";

    static IEnumerable<string> Messages =>
    [
        $"Start - Finish@Store@{Store("AB12345", "12:34:56.789", "240229")}@"
            + $"{Store("AB12346", " 2:34:56.78", "240229")}@17@",
        $"21Km = 2Km@Store@{Store("0001228", "00:00:00.000", "991231", "11 2A 12BEEF")}@3",
        $"Split 1.25@Passing@{Keys}@t=1:02:03|c=0000041@1016@",
        "Start@Marker@2024-02-29 05:57:56.027|ext-gun|Extern gunshot@2024-02-29 06:00:00|button|Lap = 3@9@",
        "Start@Marker@t=11:03:40.347|mt=Gunshot|n=Gunshot 1@4@",
        "Start - Finish@Pong@", "3Km@AckPing@", "Toolkit@GetLocations@ln=Start@ln=21Km = 2Km@",
        "Start@AckGetInfo@AB-0102@Unknown@host", "Toolkit@AckAuth@user@word", "Start@Store@5@", "Start@News@a=b@7@",
    ];

    [Theory]
    [Frames<Parser>(From = nameof(Messages), Guard = Guard, End = "$")]
    [Frames<Parser>(From = nameof(Messages), Guard = Guard, End = "$\r\n\0\0")]
    public void Messages_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("A@Store@x@5@$", 1)]
    [InlineData("A@Passing@c=1|t=10:00:00@6@$", 2)]
    [InlineData("A@Marker@2026-05-17 08:00:00|x|y@7@$", 3)]
    public void An_acknowledgement_says_which_one_is_due(string message, byte variant)
    {
        ControlRecord[] controls = new ControlRecord[4];
        Parser parser = default;
        ReadOnlySpan<byte> rest = Encoding.ASCII.GetBytes(message);
        ParseResult result;
        do
        {
            result = parser.Parse(rest, false, new ChipRead[1], controls);
            rest = rest[result.Consumed..];
        }
        while (!rest.IsEmpty);
        ControlRecord due = controls[result.Controls - 1];
        Assert.Equal((ControlKind.AcknowledgementDue, variant), (due.Kind, due.Variant));
    }

    [Fact]
    public void A_store_record_with_all_fields()
    {
        ParserRun run = Run($"21Km = 2Km@Store@{Store("AB12345", "12:34:56.789", "240229", "11 2A 12BEEF")}@17@$");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("AB12345 2024-02-29 12:34:56.789", Show(read));
        Assert.Equal((0xBEEFL, (ushort)11, 0x2_000A_000CUL), (read.Number, read.SubReader, read.Detail));
        Assert.Equal((ReadFlags.None, 1), (read.Flags, read.Point));
        Assert.Equal(["21Km = 2Km"], run.Points.ToList());
        Assert.Equal([(ControlKind.AcknowledgementDue, 17L, "17@")], run.Controls);
    }

    [Fact]
    public void The_published_store_record() => Assert.Equal(
        "KV86583 2025-03-08 16:13:57.417",
        Show(Assert.Single(Run("x@Store@KV8658316:13:57.417 3 0F  1000025030870@1@$").Reads)));

    [Fact]
    public void A_passing_with_all_keys()
    {
        ParserRun run = Run($"Split 1.25@Passing@{Keys}@1016@$");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("BK40512 2024-02-29 23:59:59.999", Show(read));
        Assert.Equal((12, 3, -1L, 0x2_0205_0007UL), (read.Hits, read.SubReader, read.Number, read.Detail));
        Assert.Equal((ReadFlags.None, 0), (read.Flags, read.Antenna));
        Assert.Equal(["Split 1.25"], run.Points.ToList());
        Assert.Equal([(ControlKind.AcknowledgementDue, 1016L, "1016@")], run.Controls);
    }

    [Theory]
    [InlineData("t=10:00:00|c=1", ReadFlags.NoDate, 0)]
    [InlineData("c=1|t=10:00:00.5|d=250102|an=3", ReadFlags.None, 3)]
    [InlineData("c=1|t=10:00:00.5|d=250102|an=left", ReadFlags.FieldDropped, 0)]
    [InlineData("c=1|t=10:00:00.5|d=250102|h=0|an=11111111", ReadFlags.FieldDropped, 0)]
    [InlineData("c=1|t=10:00:00.5|d=250102||=|q|t1=x|abc=|ut=x", ReadFlags.None, 0)]
    public void Keys_may_be_missing_or_unknown(string record, ReadFlags flags, int antenna)
    {
        ChipRead read = Assert.Single(Run($"x@Passing@{record}@1@$").Reads);
        Assert.Equal((flags, antenna), (read.Flags, read.Antenna));
    }

    [Theory]
    [InlineData("Store", "AB1234512:34:56.789 3 0F  1000024022900", RejectReason.BadCheck)]
    [InlineData("Store", "AB1234512:34:56.789 30F  10000240229A9", RejectReason.TooFewFields)]
    [InlineData("Store", "AB1234512:34:56.789 3  0F  10000240229A9", RejectReason.TooLong)]
    [InlineData("Passing", "t=10:00:00|d=250102", RejectReason.NoChip)]
    [InlineData("Passing", "t=10:00:00|c=", RejectReason.NoChip)]
    [InlineData("Passing", "c=1|ut=36000000|utc=36000000|d=250102", RejectReason.BadTime)]
    [InlineData("Passing", "c=1|t=10:00:60|d=250102", RejectReason.BadTime)]
    [InlineData("Passing", "c=1|t=10:00:00|d=250229", RejectReason.BadTime)]
    [InlineData("Passing", "5", RejectReason.NoChip)]
    [InlineData("Marker", "05:57|ext-gun|a", RejectReason.BadTime)]
    [InlineData("Marker", "mt=Gunshot|n=1", RejectReason.BadTime)]
    public void A_bad_record_costs_only_itself_and_its_message_is_acknowledged(
        string function, string record, RejectReason reason)
    {
        string good = function == "Store" ? Store("AB12345", "12:34:56.789", "240229") : "t=10:00:00|c=7|d=250102";
        ParserRun run = Run($"x@{function}@{good}@{record}@{good}@55@$");
        Assert.Equal([(reason, record + "@")], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
        Assert.Equal((ControlKind.AcknowledgementDue, 55L, "55@"), run.Controls[^1]);
    }

    [Theory]
    [InlineData("12:34:56.7x9", "240229", RejectReason.BadTime)]
    [InlineData("24:34:56.789", "240229", RejectReason.BadTime)]
    [InlineData("12:34:56.789", "240230", RejectReason.BadTime)]
    [InlineData("12:34:56.789", "24o229", RejectReason.BadTime)]
    [InlineData("12:34:56.789", "000000", RejectReason.BadTime)]
    public void A_good_check_does_not_make_a_time(string time, string date, RejectReason reason) => Assert.Equal(
        reason, Assert.Single(Run($"x@Store@{Store("AB12345", time, date)}@1@$").Rejects).Reason);

    [Fact]
    public void Optional_columns_are_dropped_not_the_read()
    {
        string strange = Store("AB12345", "12:34:56.789", "240229", " x 0  x1zzzz");
        ChipRead read = Assert.Single(Run($"x@Store@{strange}@1@$").Reads);
        Assert.Equal((ReadFlags.FieldDropped, -1L, 0UL), (read.Flags, read.Number, read.Detail));
        string blank = Store("AB12345", "12:34:56.789", "240229", "        00A1");
        read = Assert.Single(Run($"x@Store@{blank}@1@$").Reads);
        Assert.Equal((ReadFlags.None, 0xA1, 0UL), (read.Flags, read.Number, read.Detail));
        string nobody = Store("       ", "12:34:56.789", "240229");
        Assert.Equal(RejectReason.NoChip, Assert.Single(Run($"x@Store@{nobody}@1@$").Rejects).Reason);
    }

    [Theory]
    [InlineData("noise", RejectReason.UnknownFrame)]
    [InlineData("Start@", RejectReason.UnknownFrame)]
    [InlineData("Start@@5@", RejectReason.UnknownFrame)]
    [InlineData("Start@Store@", RejectReason.TooFewFields)]
    public void A_message_without_function_or_data_is_a_reject(string message, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}${message}${Guard}$");
        Assert.Equal([(reason, message)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void Guns_and_other_markers()
    {
        ParserRun run = Run(
            "A@Marker@2024-02-29 05:57:56.027|ext-gun|Extern gunshot@2024-02-29 05:58:00|button|gun side@1@$"
            + "B@Marker@n=Gunshot = 1|mt=Gunshot|t=11:03:40.347@n=2|t=11:03:41|d=240229@2@$");
        Assert.Equal(
            [
                (ReadKind.Gun, ReadFlags.None, " 2024-02-29 05:57:56.027"),
                (ReadKind.Marker, ReadFlags.None, " 2024-02-29 05:58:00.000"),
                (ReadKind.Gun, ReadFlags.NoDate, " 1970-01-01 11:03:40.347"),
                (ReadKind.Marker, ReadFlags.None, " 2024-02-29 11:03:41.000"),
            ],
            run.Reads.Select(read => (read.Kind, read.Flags, Show(read))));
        Assert.Equal(
            "Gun Marker AcknowledgementDue Gun Marker AcknowledgementDue",
            string.Join(' ', run.Controls.Select(c => c.Kind)));
        Assert.Equal(["A", "B"], run.Points.ToList());
    }

    [Theory]
    [InlineData("n=Gunshot 1|t=11:03:40.347", ReadKind.Gun)]
    [InlineData("n=Gunshot 1|t=11:03:40.347|mt=Button", ReadKind.Marker)]
    [InlineData("n=1|t=11:03:40.347", ReadKind.Marker)]
    [InlineData("2024-02-29 05:57:56.027||Extern gunshot", ReadKind.Gun)]
    [InlineData("2024-02-29 05:57:56.027", ReadKind.Marker)]
    public void Without_a_type_a_markers_name_tells(string marker, ReadKind kind) =>
        Assert.Equal(kind, Assert.Single(Run($"A@Marker@{marker}@1@$").Reads).Kind);

    [Fact]
    public void What_is_no_data_is_a_control_with_the_whole_message()
    {
        string[] messages =
        [
            "21Km = 2Km@Pong@", "3Km@AckPing@", "Toolkit@GetLocations@ln=A@ln=B@", "A@AckGetInfo@d@Unknown@h",
            "A@Device@id=1@",
        ];
        ParserRun run = Run(string.Join("$\r\n\0\0", messages) + "$");
        Assert.Equal(messages, run.Controls.Select(control => control.Text));
        Assert.Equal("Point KeepAlive Response Response Unknown", string.Join(' ', run.Controls.Select(c => c.Kind)));
        Assert.Empty(run.Points.ToList());
    }

    [Fact]
    public void A_key_with_a_byte_before_it_is_another_key()
    {
        ChipRead read = Assert.Single(Run("Finish@Passing@t=09:08:07|c=AB|\0d=250102@1@$").Reads);
        Assert.Equal((new TimeSpan(9, 8, 7).Ticks, ReadFlags.NoDate), (read.Time, read.Flags));
    }

    [Fact]
    public void Line_ends_inside_a_damaged_message_do_not_reach_the_next()
    {
        foreach (int room in (int[])[1, 64])
        {
            ParserRun run = ParserRun.OfWhole<Parser>(
                Bytes($"x@Passing@\r\nbad@\r\nt=10:00:00|c=7@1@\r\n$y@Passing@t=10:00:00|c=8@2@$"), destination: room);
            Assert.Equal(["7", "8"], run.Chips);
            Assert.Equal([1, 2], run.Reads.Select(read => (int)read.Point));
            Assert.Equal([1L, 2L], run.Controls.Select(control => control.Number));
            Assert.Single(run.Rejects);
        }
    }

    [Fact]
    public void Every_record_of_a_session()
    {
        byte[] stream = Captures.Read(Folder, Session);
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Empty(run.Rejects);
        IEnumerable<string> lines = File.ReadLines(Captures.PathOf(Folder, "v1-2025-04-10-11.rx.expected.csv"));
        string[][] stores = [.. lines.Select(line => line.Split(',')).Where(row => row[2] == "Store")];
        List<string> points = [.. run.Points.ToList()];
        Assert.Equal(
            stores.Select(row => $"{row[1]} {row[4]} {row[5]} {row[6]} {row[7]} {row[8]} {row[9]} {row[10]} {row[11]}"),
            run.Reads.Select(read => $"{points[read.Point - 1]} {Show(read)} {read.SubReader} {read.Detail >> 32} "
                + $"{(read.Detail >> 16) & 0xFF:X} {read.Detail & 0xFFFF} {read.Number:X4}"));
        Assert.All(run.Reads, read => Assert.Equal(ReadFlags.None, read.Flags));

        Assert.Equal(1_529, run.Controls.Count);
        Assert.Equal(
            [
                (ControlKind.KeepAlive, 1_436), (ControlKind.Response, 11), (ControlKind.AcknowledgementDue, 47),
                (ControlKind.Point, 35),
            ],
            run.Controls.CountBy(c => c.Kind).OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
        Assert.Equal(
            stores.DistinctBy(row => row[0]).Select(row => long.Parse(row[3], CultureInfo.InvariantCulture)),
            run.Controls.Where(c => c.Kind == ControlKind.AcknowledgementDue).Select(c => c.Number));

        var distinct = run.Reads.DistinctBy(read => (read.Point, read.Chip, read.Time)).ToList();
        Assert.Equal(103, distinct.Count);
        Assert.Equal([73, 30], distinct.CountBy(read => read.Point).Select(pair => pair.Value));
        Assert.Equal(["Start", "MTB Split 4Km"], points);
        Assert.Equal("LZ63021 2025-03-08 15:37:40.704", Show(run.Reads[0]));
        Assert.Equal("SF36714 2025-03-08 16:20:03.636", Show(run.Reads[^1]));
    }

    [Fact]
    public void A_session_in_pieces()
    {
        byte[] stream = Captures.Read(Folder, Session)[..9_000];
        string whole = ParserRun.OfWhole<Parser>(stream).Describe();
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream, 100))
            Assert.Equal(whole, ParserRun.Of<Parser>(pieces).Describe());
        Assert.Equal(whole, ParserRun.OfWhole<Parser>(stream, destination: 1).Describe());
    }

    [Fact]
    public void The_log_of_a_session_is_its_stream() => Assert.Equal(
        ParserRun.OfWhole<Parser>(Captures.Read(Folder, Session)).Describe(),
        ParserRun.OfWhole<Parser>(StreamOf("v1-2025-04-10-11.log")).Describe());

    [Fact]
    public void The_dialogue_at_connect()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(StreamOf("v1-2025-04-13-connect.log"));
        Assert.Empty(run.Rejects);
        Assert.Empty(run.Reads);
        Assert.Equal(
            ["21Km = 2Km", "3Km", "5Km", "Start - Finish"],
            run.Controls.Where(control => control.Kind == ControlKind.Point)
                .Select(control => control.Text.Split('@')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(10, run.Controls.Count(control => control.Kind == ControlKind.Point));
        Assert.Equal(5, run.Controls.Count(control => control.Kind == ControlKind.Response));
        Assert.DoesNotContain(run.Controls, control => control.Kind == ControlKind.Unknown);
    }

    [Fact]
    public void The_same_gun_four_times()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(StreamOf("v1-2025-04-13-gun.log"));
        Assert.Empty(run.Rejects);
        Assert.Equal(4, run.Reads.Count);
        Assert.All(run.Reads, read => Assert.Equal(
            (ReadKind.Gun, " 2025-04-13 05:57:56.027", 1), (read.Kind, Show(read), read.Point)));
        Assert.Equal(
            [1L, 1, 1, 1], run.Controls.Where(c => c.Kind == ControlKind.AcknowledgementDue).Select(c => c.Number));
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        List<byte[]> messages = [.. Messages.Select(message => Bytes(message + "$\r\n\0\0"))];
        ParserChecks.SurvivesRandomBytes<Parser>(messages, "@$|=.: \r\n\00123456789tcd");
        ParserChecks.AllocatesNothing<Parser>(
            [.. messages.SelectMany(bytes => bytes), .. "x@Store@bad@@1@$x$y@Passing@c=1@$"u8]);
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> chip = Gen.OneOf("c=AB12345", "c=0000041", "c=", "", "ct=UH");
        Gen<string> time = Gen.OneOf("t=10:11:12.345", "t=9:08:07", "t=24:00:00", "t=", "ut=5", "t=10:11:12.3=");
        Gen<string> date = Gen.OneOf("d=250308", "d=251308", "d=", "g=0");
        Gen<string> rest = Gen.OneOf("l=3", "dv=11", "dv=x", "re=4", "h=2", "an=5", "n=a = b", "bat=3.7", "");
        Gen<string> record = Gen.Select(chip, time, date, rest.Array[0, 3], Gen.Int, (c, t, d, r, seed) =>
        {
            string[] keys = [c, t, d, .. r];
            new Random(seed).Shuffle(keys);
            return string.Join('|', keys);
        });
        record.Where(r => r.Length > 0).List[1, 6].Sample(records =>
        {
            ParserRun run = Run($"A@Passing@{string.Join('@', records)}@12@$");
            Assert.Equal(
                records.Select(Slow).OfType<string>(),
                run.Reads.Select(r => $"{Show(r)} {r.SubReader} {r.Hits} {r.Antenna} {r.Detail:x} {r.Flags}"));
            Assert.Equal(records.Count, run.Reads.Count + run.Rejects.Count);
            Assert.Equal(12, Assert.Single(run.Controls).Number);
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string record)
    {
        Dictionary<string, string> keys = [];
        foreach (string pair in record.Split('|').Where(pair => pair.Contains('=', StringComparison.Ordinal)))
            keys[pair.Split('=', 2)[0]] = pair.Split('=', 2)[1];
        string Value(string key) => keys.GetValueOrDefault(key, "");
        string date = Value("d").Length == 0 ? "700101" : Value("d");
        if (Value("c").Length == 0 || !DateTime.TryParseExact(
                $"{(date == "700101" ? "19" : "20")}{date} {Value("t")}", ["yyyyMMdd H:mm:ss", "yyyyMMdd HH:mm:ss.fff"],
                CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
            return null;
        bool dropped = Value("dv") == "x";
        int Number(string key) => int.TryParse(Value(key), NumberStyles.None, null, out int number) ? number : 0;
        ReadFlags flags = (dropped ? ReadFlags.FieldDropped : 0) | (Value("d").Length == 0 ? ReadFlags.NoDate : 0);
        ulong detail = (uint)Number("l") | (Value("ct") == "UH" ? 4UL << 24 : 0) | ((ulong)Number("re") << 32);
        return $"{Value("c")} {time:yyyy-MM-dd HH:mm:ss.fff} {Number("dv")} {Math.Max(1, Number("h"))} {Number("an")} "
            + $"{detail:x} {flags}";
    }

    /// <summary>What the exporter sent, out of a log that lost the <c>$</c> of each message.</summary>
    static byte[] StreamOf(string log)
    {
        string text = Encoding.Latin1.GetString(Captures.Read(Folder, log));
        IEnumerable<string> entries = Entry().Split(text).Skip(1).Where(entry => entry.Length > 0);
        const string FromHost = "\u00C2\u00AB";
        string stream = string.Concat(entries.Where(entry => !entry.StartsWith(FromHost, StringComparison.Ordinal))
            .Select(entry => Prefix().Replace(entry, "").TrimEnd('\n') + "$"));
        return Bytes(stream);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT[\d:.]+Z ", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("^(message: |\u00C2\u00BB from client: )")]
    private static partial Regex Prefix();

    /// <summary>A record of version 1 with its check.</summary>
    static string Store(string chip, string time, string date, string columns = " 3 0F  10001")
    {
        string text = $"{chip}{time,12}{columns}{date}";
        return $"{text}{text.Sum(c => c) & 0xFF:X2}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff}";
}
