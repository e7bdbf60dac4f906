using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.AlienProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class AlienTests
{
    const string Guard = "Tag:E200 0001 0203 0405, Disc:2026/05/17 08:00:00, Last:2026/05/17 08:00:02, Count:3, Ant:1";

    const string Xml =
        "<Alien-RFID-Tag><TagID>E200 0001 0203 0406</TagID><CRC>87B4</CRC><DiscoveryTime>2026/05/17 08:00:00.250</DiscoveryTime>"
        + "<LastSeenTime>2026/05/17 08:00:01.250</LastSeenTime><Antenna>2</Antenna><ReadCount>7</ReadCount></Alien-RFID-Tag>";

    [Theory]
    [Frames<Parser>(
        "Tag:E200 0001 0203 0405 0607 0809, CRC:2483, Disc:2026/05/17 08:00:00.140, Count:12, Ant:0, Proto:2",
        "#Alien RFID Reader Auto Notification Message", "#Time: 2026/05/17 08:00:00", "#Reason: TEST", "(No Tags)", Xml,
        "Tag=E200 0001 0203 0407  Disc=Sun May 17 08:00:00 CEST 2026  Last=Sun May 17 08:00:01 CEST 2026  Ant=0  Count=3",
        "<ReaderName>Finish</ReaderName>", Guard = Guard, End = "\r\n")]
    [Frames<Parser>("E200 0001 0203 0408,3,1", Guard = Guard, End = "\r\n\0", Preamble = "#Time: 2026/05/17 08:00:00\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void The_keys_may_come_in_any_order_and_with_unknown_ones_between()
    {
        ParserRun run = Run("Tag:e2 00, Ant:3, X:y, Last:2026/05/17 08:00:02.5, Disc:2026/05/17 08:00:00.25, Count:9\r\n");
        Assert.Equal("e200 2026-05-17 08:00:00.250 3 9 2250 None", Show(Assert.Single(run.Reads)));
    }

    [Fact]
    public void Terse_lines_take_the_time_of_their_block_only()
    {
        ParserRun run = Run(
            "#Alien x\r\n#Time: 2026/05/17 08:00:00\r\nAA01 BB02,2,1\r\n#End of\r\n\0#Alien x\r\nAA01 BB02,2,1\r\n");
        Assert.Equal(
            ["AA01BB02 2026-05-17 08:00:00.000 1 2 0 None", "AA01BB02 1970-01-01 00:00:00.000 1 2 0 NoTime"],
            run.Reads.Select(Show));
    }

    [Theory]
    [InlineData("Tag:AA01, Disc:1970/01/01 00:00:00, Last:1970/01/01 00:00:05, Count:1, Ant:0", "5000 None")]
    [InlineData("#Time: 1970/01/01 00:00:00\nAA01,1,0", "0 None")]
    public void The_first_moment_of_an_unset_clock_is_a_time(string lines, string expected) =>
        Assert.Equal($"AA01 1970-01-01 00:00:00.000 0 1 {expected}", Show(Assert.Single(Run(lines + "\n").Reads)));

    [Fact]
    public void An_XML_tag_may_stand_on_lines_of_its_own_or_all_on_one()
    {
        string lines = Xml.Replace("><", ">\r\n  <", StringComparison.Ordinal) + "\r\n";
        Assert.Equal("E200000102030406 2026-05-17 08:00:00.250 2 7 1000 None", Show(Assert.Single(Run(lines).Reads)));
        ParserRun run = Run(Xml + Xml + "<Alien-RFID-Reader-Heartbeat>");
        Assert.Equal(2, run.Reads.Count);
        Assert.Equal(ControlKind.KeepAlive, Assert.Single(run.Controls).Kind);
    }

    [Fact]
    public void An_XML_tag_that_is_not_closed_is_said_to_be_lost()
    {
        ParserRun run = Run("<Alien-RFID-Tag><TagID>AA01</TagID>\r\n" + Xml);
        Assert.Equal("E200000102030406", Assert.Single(run.Chips));
        Assert.Equal(RejectReason.Truncated, Assert.Single(run.Rejects).Reason);
    }

    [Theory]
    [InlineData("Tag:, Disc:2026/05/17 08:00:00, Count:1, Ant:0", RejectReason.NoChip)]
    [InlineData("Tag:AA, Disc:2026/17/05 08:00:00, Count:1, Ant:0", RejectReason.BadTime)]
    [InlineData("Tag:AA, Disc:yesterday, Count:1, Ant:0", RejectReason.BadTime)]
    [InlineData("Tag:0123456789012345678901234567890123456789012345678901234567890, Count:1", RejectReason.ChipTooLong)]
    [InlineData("#Time: noon", RejectReason.BadTime)]
    [InlineData("<Alien-RFID-Tag></Alien-RFID-Tag>", RejectReason.NoChip)]
    [InlineData("<ReaderName>E200 0001,3,1", RejectReason.UnknownFrame)] // Of a tag in XML that was cut into.
    [InlineData("some text", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r\n{line}\r\n{Guard}\r\n");
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void An_unreadable_count_or_antenna_is_dropped() =>
        Assert.Equal(
            "AA 2026-05-17 08:00:00.000 0 1 0 FieldDropped",
            Show(Assert.Single(Run("Tag:AA, Disc:2026/05/17 08:00:00, Count:many, Ant:70000\n").Reads)));

    [Fact]
    public void The_printed_samples()
    {
        ParserRun text = Captured("notify-text.bin");
        Assert.Equal(
            ["1115F26881C3C012 2003-01-21 09:00:51.000 0 1 0 None", "0100010000020709 2003-01-21 11:00:10.000 0 1 0 None"],
            text.Reads.Select(Show));
        Assert.Equal(
            ["1115F26881C3C012 2003-01-21 12:48:59.000 0 1 0 None", "0100010000020709 2003-01-21 12:48:59.000 0 1 0 None"],
            Captured("notify-terse.bin").Reads.Select(Show));
        Assert.Equal(
            ["1115F26881C3C01200004523", "01000100000207091234A34E", "1054A33454E17409F9832DE5"],
            Captured("notify-text-bpt-crc.bin").Chips);
        Assert.Equal(
            ["0102030405060709 2005-01-02 23:40:03.000 0 837 0 None", "22831668ADC3E804 2003-01-03 01:48:00.000"],
            Captured("notify-xml.xml").Reads.Select((read, i) => i == 0 ? Show(read) : Show(read)[..40]));
        Assert.Equal(
            "E200A9D0SD8AS994 2004-06-18 12:58:18.000 0 3 0 None",
            Show(Assert.Single(Captured("taglist-key-equals.txt").Reads)));
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Guard + "\r\n"), Bytes(Xml)], "#TagDiscLast:, /<>0123AB\r\n\0");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"#Time: x\r\n{Guard}\r\n{Xml}\r\nbad\r\nAA01,1,0\r\n"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> hex = Gen.OneOf("1115 F268 81C3 C012", "AA01", "E2 00", "");
        Gen<string> time = Gen.DateTime[new DateTime(2001, 1, 1), new DateTime(2030, 1, 1)]
            .Select(t => t.ToString("yyyy/MM/dd HH:mm:ss.fff", CultureInfo.InvariantCulture));
        Gen<string> number = Gen.OneOf("0", "1", "27", "70000", "x", "");
        Gen.Select(hex, Gen.Frequency((9, time), (1, number)), number, number)
            .Select((tag, disc, count, antenna) => $"Tag:{tag}, Disc:{disc}, Count:{count}, Ant:{antenna}").List[1, 6]
            .Sample(lines =>
            {
                ParserRun run = Run(string.Concat(lines.Select(line => line + "\r\n")));
                Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(Show));
                Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
            });
    }

    static string? Slow(string line)
    {
        Dictionary<string, string> keys = line.Split(", ").Select(pair => pair.Split(':', 2)).ToDictionary(p => p[0], p => p[1]);
        string chip = keys["Tag"].Replace(" ", "", StringComparison.Ordinal);
        if (chip.Length == 0 || !DateTime.TryParseExact(
                keys["Disc"], "yyyy/MM/dd HH:mm:ss.fff", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
            return null;
        bool counted = int.TryParse(keys["Count"], NumberStyles.None, null, out int count);
        bool numbered = ushort.TryParse(keys["Ant"], NumberStyles.None, null, out ushort antenna);
        return $"{chip} {time:yyyy-MM-dd HH:mm:ss.fff} {antenna} {Math.Max(1, count)} 0 "
            + (counted && numbered ? ReadFlags.None : ReadFlags.FieldDropped);
    }

    static ParserRun Captured(string file)
    {
        byte[] stream = Captures.Read("alien", file);
        ParserRun run = ParserRun.OfWhole<Parser>(stream);
        Assert.Empty(run.Rejects);
        Assert.All(Splits.Of(stream), pieces => Assert.Equal(run.Describe(), ParserRun.Of<Parser>(pieces).Describe()));
        return run;
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.fff} {read.Antenna} {read.Hits} "
        + $"{read.Detail} {read.Flags}";
}
