using System.Globalization;
using System.Text.Json;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.JsonParser<RufusIngest.Readers.PikaReaderProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class PikaReaderTests
{
    const string One = """
        {"type":"READ","chip":"1234","timestamp":"2026-03-07 11:00:00.250","reader":2,"antenna":3,"rssi":-61.5,"tz":"+01:00","epochMilli":1772877600250}
        """;

    const string Trigger = """
        {"epochMilli":1772877600,"tz":"+01:00","rssi":0.0,"antenna":0,"reader":0,"timestamp":"2026-03-07 11:00:00.750","chip":"0","type":"READ"}
        """;

    const string Guard = """{"type":"READ","chip":"77","epochMilli":1772877600000}""";

    [Theory]
    [Frames<Parser>(One, Trigger, """{"type":"READ","chip":"5","timestamp":"2026-03-07 11:00:00.250"}""",
        """{"chip":"5","epochMilli":1772877600250,"reader":"Finish"}""", """{"type":"STATUS","readers":[{"id":1,"reading":true}]}""",
        """{"type":"NEWS"}""", Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_read_with_all_members() =>
        Assert.Equal("1234 2026-03-07 10:00:00.25 a3 r-6150 s2 ZoneKnown", Show(Assert.Single(Run(One).Reads)));

    [Fact]
    public void A_trigger_is_a_gun_and_its_time_has_the_decimals_of_the_local_one()
    {
        ParserRun run = Run(Trigger);
        Assert.Equal("Gun 2026-03-07 10:00:00.75 r0 ZoneKnown", Show(Assert.Single(run.Reads)));
        Assert.Equal(ControlKind.Gun, Assert.Single(run.Controls).Kind);
    }

    [Theory]
    [InlineData("2026-03-07 15:30:01.002", "2026-03-07 10:00:01.002")] // Taken after the second had passed; UTC+5:30.
    [InlineData("2026-03-07 05:00:00.999", "2026-03-07 10:00:00.999")]
    [InlineData("2026-03-07 11:00:07.000", "2026-03-07 10:00:00")] // Not of the same moment.
    [InlineData("2026-03-07 10:59:59.999", "2026-03-07 10:00:00")]
    [InlineData("now", "2026-03-07 10:00:00")]
    public void Seconds_stay_seconds_where_the_local_time_does_not_fit(string local, string expected)
    {
        ParserRun run = Run($$"""{"chip":"0","epochMilli":1772877600,"timestamp":"{{local}}"}""");
        Assert.Equal($"Gun {expected} ZoneKnown", Show(Assert.Single(run.Reads)));
    }

    [Theory]
    [InlineData("\"chip\":\"7\",\"epochMilli\":99999999999", "7 5138-11-16 09:46:39 ZoneKnown")]
    [InlineData("\"chip\":\"7\",\"epochMilli\":100000000000", "7 1973-03-03 09:46:40 ZoneKnown")]
    [InlineData("\"chip\":8,\"timestamp\":\"2026-03-07 11:00:00.250\",\"epochMilli\":null", "8 2026-03-07 11:00:00.25")]
    [InlineData("\"chip\":\"8\",\"timestamp\":\"2026-03-07 11:00:00.250\",\"epochMilli\":-1", "8 2026-03-07 11:00:00.25 FieldDropped")]
    [InlineData("\"chip\":\"0\",\"epochMilli\":1772877600250,\"antenna\":1", "0 2026-03-07 10:00:00.25 a1 ZoneKnown")]
    [InlineData("\"chip\":\"0\",\"epochMilli\":1772877600250,\"antenna\":0", "Gun 2026-03-07 10:00:00.25 ZoneKnown")]
    [InlineData("\"chip\":\"00417\",\"epochMilli\":1772877600250,\"reader\":\"Finish\"", "00417 2026-03-07 10:00:00.25 p1 ZoneKnown")]
    [InlineData(
        "\"chip\":\"7\",\"epochMilli\":1772877600250,\"antenna\":\"x\",\"rssi\":{}",
        "7 2026-03-07 10:00:00.25 ZoneKnown, FieldDropped")]
    public void Members_may_be_missing_or_spoilt(string members, string expected) =>
        Assert.Equal(expected, Show(Assert.Single(Run("{" + members + "}").Reads)));

    [Theory]
    [InlineData("""{"type":"STATUS","chip":"5"}""", ControlKind.Status)]
    [InlineData("""{"type":"OTHER","chip":"5"}""", ControlKind.Unknown)]
    [InlineData("{}", ControlKind.Unknown)]
    public void What_is_no_read(string message, ControlKind kind)
    {
        ParserRun run = Run(message);
        Assert.Equal(kind, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Reads);
    }

    [Theory]
    [InlineData("""{"type":"READ","epochMilli":1772877600250}""", RejectReason.NoChip)]
    [InlineData("""{"type":"READ","chip":"","epochMilli":1772877600250}""", RejectReason.NoChip)]
    [InlineData("""{"type":"READ","chip":"5"}""", RejectReason.BadTime)]
    [InlineData("""{"type":"READ","chip":"5","timestamp":"2026-03-07"}""", RejectReason.BadTime)]
    [InlineData("""{"type":"READ","chip":"1234567890123456789012345678901","epochMilli":1772877600250}""", RejectReason.ChipTooLong)]
    [InlineData("hello", RejectReason.UnknownFrame)]
    public void A_bad_message_is_a_reject(string bad, RejectReason reason)
    {
        ParserRun run = Run(Guard + bad + Guard);
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["77", "77"], run.Chips);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(One), Bytes(Trigger)], "{}[]\",: 019chiptype\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes(One + Trigger + "bad" + Guard + "{\"type\":\"STATUS\"}{\"chip\":1}"));
    }

    [Fact]
    public void It_reads_what_JsonDocument_reads()
    {
        Gen<string> read = Gen.Select(
            Gen.OneOf("1", "007", "79228162514264337593543950335", ""), Gen.Long[100_000_000_000, 4_000_000_000_000], Gen.Bool,
            Gen.Int[0, 70_000], Gen.Int[-9_000, 0]).Select((chip, ms, local, antenna, rssi) => JsonSerializer.Serialize(
                new Dictionary<string, object>
                {
                    ["chip"] = chip,
                    [local ? "timestamp" : "epochMilli"] = local
                        ? DateTime.UnixEpoch.AddMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture)
                        : ms,
                    ["antenna"] = antenna,
                    ["rssi"] = rssi / 100m,
                    ["type"] = "READ",
                }));
        read.List[1, 5].Sample(list =>
        {
            ParserRun run = Run(string.Concat(list));
            Assert.Equal(list.Select(Slow).OfType<string>(), run.Reads.Select(Show));
            Assert.Equal(list.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    static string? Slow(string json)
    {
        JsonElement read = JsonDocument.Parse(json).RootElement;
        string chip = read.GetProperty("chip").GetString()!;
        if (chip.Length == 0)
            return null;
        bool isUtc = read.TryGetProperty("epochMilli", out JsonElement ms);
        DateTime time = isUtc
            ? DateTime.UnixEpoch.AddMilliseconds(ms.GetInt64())
            : DateTime.Parse(read.GetProperty("timestamp").GetString()!, CultureInfo.InvariantCulture);
        int antenna = read.GetProperty("antenna").GetInt32();
        ReadFlags flags = (isUtc ? ReadFlags.ZoneKnown : 0) | (antenna > 65_535 ? ReadFlags.FieldDropped : 0);
        return Show(new ChipRead
        {
            Chip = ChipCode.FromText(chip),
            Time = time.Ticks - DateTime.UnixEpoch.Ticks,
            Hits = 1,
            Number = -1,
            Antenna = (ushort)(antenna > 65_535 ? 0 : antenna),
            Flags = flags,
            RssiCentiDbm = (short)(read.GetProperty("rssi").GetDecimal() * 100),
        });
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));
}
