using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers.Llrp;

/// <summary>What readers, an emulator and the standard's toolkit sent.</summary>
public sealed class LlrpCaptureTests
{
    [Fact]
    public void Forty_five_reports_of_an_Impinj()
    {
        byte[] stream = Captures.Read("llrp-impinj-stream", "reports-45.bin");
        ParserRun run = Compare(stream, Captures.PathOf("llrp-impinj-stream", "reports-45.expected-tags.csv"), 1);
        Assert.Equal((45, 3), (run.Reads.Count, run.Chips.Distinct().Count()));
        Assert.Equal(
            "3005FB63AC1F3841EC880467 2013-11-27 20:44:01.558537 a1 r-5000 ZoneKnown",
            ReadText.Show(run.Reads[0]));
        Assert.Equal(
            "300833B2DDD906C000000000 2013-11-27 20:44:02.041168 a1 r-5700 ZoneKnown",
            ReadText.Show(run.Reads[^1]));
        Assert.Equal([18], Enumerable.Range(0, 45).Where(i => run.Reads[i].Chip.ToString().Length == 36));
        Assert.Equal(Enumerable.Range(0, 45).Select(i => 0x4095892Fu + (uint)i), MessagesIn(stream).Select(IdOf));
        Assert.All(run.Reads.Zip(run.Reads.Skip(1)), pair => Assert.True(pair.First.Time < pair.Second.Time));
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void The_toolkits_recorded_exchange()
    {
        byte[] stream = Captures.Read("llrp-ltk-golden", "dx101_a.bin");
        ParserRun run = Compare(stream, Captures.PathOf("llrp-ltk-golden", "dx101_a.expected-tags.csv"), 701);
        Assert.Equal((130, 65), (run.Reads.Count, run.Chips.Distinct().Count()));
        Assert.Equal(152_527_313_217_139_970, run.Reads.Sum(read => read.Time / 10));
        Assert.Equal(262, run.Reads.Sum(read => read.Antenna));
        Assert.Equal(-6136 * 100, run.Reads.Sum(read => read.RssiCentiDbm));
        Assert.Equal(102_016, run.Reads.Sum(read => read.Hits));
        Assert.All(run.Reads, read => Assert.Equal(ReadFlags.ZoneKnown, read.Flags));
        Assert.Equal(
            "1×1 2×3 3×4 4×1 11×1 12×3 13×4 14×1 20×2 21×3 24×4 25×2 30×2 31×3 34×4 35×2 61×3 63×891", Types(stream));
        Assert.Equal(
            "Clock 891, Command 20, Greeting 1, Response 20, Status 890",
            Kinds(run));
        // The longest message, of 4,430 bytes, is a report.
        Assert.Equal(978, run.Controls.Max(control => control.Text.Length));
        Assert.Equal(4430, MessagesIn(stream).Max(message => message.Length));
    }

    [Fact]
    public void Every_event_of_the_recorded_exchange_is_as_the_toolkit_wrote_it()
    {
        ParserRun run = ParserRun.OfWhole<LlrpParser>(Captures.Read("llrp-ltk-golden", "dx101_a.bin"));
        XElement sequence = XElement.Load(Captures.PathOf("llrp-ltk-golden", "dx101_a.xml"));
        var expected = sequence.Descendants()
            .Where(element => element.Name.LocalName == "ReaderEventNotificationData")
            .Select(data => data.Elements().ToList())
            .Select(data => (TicksOf(data[0].Value), NumberOf(data[1].Name.LocalName)));
        var controls = run.Controls
            .Where(control => control.Kind is ControlKind.Clock or ControlKind.Status or ControlKind.Greeting);
        Assert.Equal(expected, controls.Chunk(2).Select(pair => (pair[1].Number, pair[0].Number)));

        static long NumberOf(string name) => name switch
        {
            "HoppingEvent" => 247,
            "GPIEvent" => 248,
            "ROSpecEvent" => 249,
            "AISpecEvent" => 254,
            "ConnectionAttemptEvent" => 256,
            _ => throw new ArgumentException(name),
        };
    }

    [Fact]
    public void The_toolkits_messages_with_unknown_custom_parameters_everywhere()
    {
        byte[] stream = Captures.Read("llrp-ltk-golden", "dx101_e.bin");
        string csv = Captures.PathOf("llrp-ltk-golden", "dx101_e.expected-tags.csv");
        ParserRun run = Compare(stream, csv, 997);
        Assert.Equal(237, run.Reads.Count);
        Assert.Equal(490_825, run.Reads.Sum(read => read.Antenna));
        var signals = run.Reads.Select(read => (int)read.RssiCentiDbm).Where(rssi => rssi != ChipRead.NoRssi);
        Assert.Equal((11, -537 * 100), (signals.Count(), signals.Sum()));
        Assert.Equal(327_633, run.Reads.Where(read => read.Hits > 1).Sum(read => read.Hits));
        Assert.Equal("1×25 2×25 3×75 11×50 12×25 20×100 40×50 61×75 63×275 1023×50", Types(stream));
        Assert.Equal(50, run.Controls.Count(control => control.Kind == ControlKind.Unknown));
        Assert.Equal(275, run.Controls.Count(control => control.Kind == ControlKind.Clock));
    }

    [Fact]
    public void An_emulated_exchange_in_both_directions()
    {
        const string Folder = "llrp-emulated-exchange";
        byte[] stream = Captures.Read(Folder, "reader-to-client.bin");
        ParserRun run = Compare(stream, Captures.PathOf(Folder, "reader-to-client.expected-tags.csv"), 53);
        Assert.Equal((45, 529), (run.Reads.Count, run.Reads.Sum(read => read.Hits)));
        Assert.Equal("11×1 12×1 13×1 30×1 31×1 34×1 51×1 61×39 62×1 63×1 1023×1", Types(stream));
        Assert.Equal("Clock 1, Greeting 1, KeepAlive 1, Response 8", Kinds(run));

        ParserRun client = ParserRun.OfWhole<LlrpParser>(Captures.Read(Folder, "client-to-reader.bin"));
        Assert.Empty(client.Reads);
        Assert.Empty(client.Rejects);
        Assert.Equal("Command 10", Kinds(client));

        // Line by line, as it was heard: R or C, seconds, message.
        string[] lines = File.ReadAllLines(Captures.PathOf(Folder, "exchange.txt"));
        byte[] both =
            [.. lines.Where(line => line[0] != '#').SelectMany(line => Convert.FromHexString(line.Split(' ')[2]))];
        ParserRun exchange = ParserRun.OfWhole<LlrpParser>(both);
        Assert.Equal(run.Reads.Count, exchange.Reads.Count);
        Assert.Equal(run.Controls.Count + client.Controls.Count, exchange.Controls.Count);
        Assert.Empty(exchange.Rejects);
    }

    [Fact]
    public void Single_frames_of_an_Impinj()
    {
        var runs = File.ReadLines(Captures.PathOf("llrp-impinj-frames", "frames.txt"))
            .Where(line => line[0] != '#')
            .Select(line => line.Split(' '))
            .ToDictionary(line => line[0], line => ParserRun.OfWhole<LlrpParser>(Convert.FromHexString(line[1])));
        Assert.Equal(13, runs.Count);
        Assert.All(runs.Values, run => Assert.Empty(run.Rejects));
        Assert.Equal(
            [(ControlKind.Greeting, 256L), (ControlKind.Clock, 15_574_585_164_141_250)],
            runs["reader_event_notifications_conn_attempt"].Controls.Select(c => (c.Kind, c.Number)));
        Assert.Equal(0x3AFB30A7u, IdOf(runs["reader_event_notifications_conn_attempt"].Controls[0].Text));
        Is("enable_events_and_reports", ControlKind.Command, 8);
        Is("delete_access_spec", ControlKind.Command, 9);
        Is("delete_access_spec_result_error", ControlKind.Response, 9);
        Is("delete_ro_spec", ControlKind.Command, 11);
        Is("add_ro_spec", ControlKind.Command, 15);
        Is("add_ro_spec_response", ControlKind.Response, 15);
        Is("enable_ro_spec", ControlKind.Command, 17);
        Is("ro_access_report_simple", ControlKind.Status, 0x3AFB30A8);
        Is("close_connection", ControlKind.Command, 35);
        Is("close_connection_response", ControlKind.Response, 35);
        Is("custom_message", ControlKind.Command, 1);
        Assert.Equal(
            "0B7F00000000000000510238 2019-05-10 03:24:05.133781 a1 r-6800 ZoneKnown",
            ReadText.Show(Assert.Single(runs["ro_access_report_inventory"].Reads)));

        void Is(string name, ControlKind kind, long number) => Assert.Equal(
            (kind, number), (Assert.Single(runs[name].Controls).Kind, runs[name].Controls[0].Number));
    }

    /// <summary>They come without their headers.</summary>
    [Fact]
    public void Bodies_of_an_Impinj()
    {
        const string Folder = "llrp-edgex-payloads";
        string[] expected =
        [
            "3000ABCDEF00000000000003 2020-07-08 02:20:05.140192 a1 r-4800 ZoneKnown",
            "3000ABCDEF00000000000005 2020-07-08 02:20:05.145268 a1 r-4700 ZoneKnown",
            "301430A55C0AC30000000009 2020-07-08 02:20:05.14792 a1 r-5400 ZoneKnown",
            "301430A55C0AC40000000000 2020-07-08 02:20:05.151008 a1 r-6800 ZoneKnown",
            "3000ABCDEF00000000000002 2020-07-08 02:20:05.153264 a1 r-5200 ZoneKnown",
            "3000ABCDEF00000000000001 2020-07-08 02:20:05.156897 a1 r-4500 ZoneKnown",
        ];
        Assert.Equal(expected, Enumerable.Range(1, 6).Select(i =>
            ReadText.Show(Assert.Single(RunOf(61, $"ROAccessReport-00{i}").Reads))));
        Assert.Equal(
            [(ControlKind.Status, 257L), (ControlKind.Clock, 15_967_216_898_421_380)],
            RunOf(63, "ReaderEventNotification-000").Controls.Select(c => (c.Kind, c.Number)));
        Assert.Equal("Response 1", Kinds(RunOf(4, "CloseConnectionResponse-000")));
        Assert.Equal("Response 1", Kinds(RunOf(36, "GetROSpecsResponse-000")));
        ParserRun config = RunOf(12, "GetReaderConfigResponse-000");
        Assert.Equal("Response 1", Kinds(config));
        Assert.Equal(425, config.Controls[0].Text.Length);

        static ParserRun RunOf(int type, string name)
        {
            byte[] message = LlrpBytes.Message(type, Captures.Read(Folder, name + ".bytes"));
            ParserRun run = ParserRun.OfWhole<LlrpParser>(message);
            Assert.Empty(run.Rejects);
            return run;
        }
    }

    [Fact]
    public void Single_messages_of_the_Java_toolkit()
    {
        const string Folder = "llrp-ltkjava";
        Assert.Equal(
            "306EDD870775C77926B231A9 2008-09-22 13:51:17 a1 r0 ZoneKnown",
            ReadText.Show(Assert.Single(RunOf("RO_ACCESS_REPORT").Reads)));
        foreach ((string number, string time) in ((string, string)[])
            [("", "2001-10-26T09:32:52.999999Z"), ("2", "2001-10-26T09:32:52.888Z")])
        {
            ParserRun run = RunOf("READER_EVENT_NOTIFICATION" + number);
            Assert.Equal("Clock 1, Greeting 1", Kinds(run));
            Assert.Equal(TicksOf(time), run.Controls[1].Number);
        }

        string[] commands =
            ["ADD_ROSPEC", "ENABLE_ROSPEC", "START_ROSPEC", "GET_READER_CAPABILITIES", "CUSTOM_MESSAGE1"];
        foreach (string name in commands)
            Assert.Equal("Command 1", Kinds(RunOf(name)));
        Assert.Equal("Response 1", Kinds(RunOf("CUSTOM_MESSAGE2")));

        static ParserRun RunOf(string name)
        {
            ParserRun run = ParserRun.OfWhole<LlrpParser>(Captures.Read(Folder, name + ".bin"));
            Assert.Empty(run.Rejects);
            return run;
        }
    }

    /// <summary>
    /// Whole, in pieces and message by message: each tag as the table has it, each other message exactly one control
    /// beside its clock, and nothing rejected.
    /// </summary>
    static ParserRun Compare(byte[] stream, string csv, int piece)
    {
        ParserRun run = ParserRun.OfWhole<LlrpParser>(stream);
        Assert.Empty(run.Rejects);
        IEnumerable<ReadOnlyMemory<byte>> pieces = stream.Chunk(piece).Select(bytes => (ReadOnlyMemory<byte>)bytes);
        Assert.Equal(run.Describe(), ParserRun.Of<LlrpParser>(pieces).Describe());
        Assert.Equal(run.Describe(), ParserRun.OfWhole<LlrpParser>(stream, destination: 1).Describe());
        List<string> rows = [];
        int at = 0;
        foreach ((int index, byte[] message) in MessagesIn(stream).Index())
        {
            ParserRun one = ParserRun.OfWhole<LlrpParser>(message);
            int others = one.Controls.Count(control => control.Kind != ControlKind.Clock);
            Assert.Equal(one.Reads.Count > 0 ? 0 : 1, others);
            Assert.All(one.Controls, control => Assert.Equal(message.Length, control.Text.Length));
            for (int tag = 0; tag < one.Reads.Count; tag++)
            {
                Assert.Equal(ParserRun.Describe(run.Reads[at++]), ParserRun.Describe(one.Reads[tag]));
                rows.Add($"{index},{tag}," + Row(one.Reads[tag]));
            }
        }

        Assert.Equal(File.ReadLines(csv).Skip(1).Select(Expected), rows);
        return run;
    }

    /// <summary>What a read holds of a row, and its message and tag.</summary>
    static string Expected(string line)
    {
        string[] f = line.Split(',');
        Assert.True(ChipCode.TryFromEpc(Convert.FromHexString(f[2]), Number(f[3]), out ChipCode chip));
        bool isUtc = f[7].Length + f[8].Length > 0;
        string time = new[] { f[7], f[8], f[9], "0" }.First(t => t.Length > 0);
        long later = f[7].Length > 0 && f[8].Length > 0 ? Math.Max(0, long.Parse(f[8]) - long.Parse(f[7])) : 0;
        int rssi = f[5].Length > 0 ? Number(f[5]) * 100 : ChipRead.NoRssi;
        return $"{f[0]},{f[1]},{chip.GetHashCode()} {chip},{Number(f[4])},{rssi},{Number(f[6])},"
            + $"{time},{later},{!isUtc && f[9].Length > 0},{Math.Max(1, Number(f[10]))}";

        static int Number(string text) => text.Length == 0 ? 0 : int.Parse(text, CultureInfo.InvariantCulture);
    }

    static string Row(ChipRead read) =>
        $"{read.Chip.GetHashCode()} {read.Chip},{read.Antenna},{read.RssiCentiDbm},{(read.Detail >> 32) & 0xFFFF},"
        + $"{read.Time / 10},{read.Detail & uint.MaxValue},{(read.Flags & ReadFlags.SinceStart) != 0},{read.Hits}";

    static long TicksOf(string time) =>
        DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).UtcTicks - DateTime.UnixEpoch.Ticks;

    static string Types(byte[] stream) => string.Join(' ', MessagesIn(stream)
        .GroupBy(message => BinaryPrimitives.ReadUInt16BigEndian(message) & 0x3FF)
        .OrderBy(group => group.Key)
        .Select(group => $"{group.Key}×{group.Count()}"));

    static string Kinds(ParserRun run) => string.Join(", ", run.Controls
        .Select(control => control.Kind)
        .Distinct()
        .Select(kind => $"{kind} {run.Controls.Count(control => control.Kind == kind)}")
        .Order(StringComparer.Ordinal));

    static IEnumerable<byte[]> MessagesIn(byte[] stream)
    {
        int length;
        for (int at = 0; at < stream.Length; at += length)
        {
            length = BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at + 2));
            yield return stream[at..(at + length)];
        }
    }

    static uint IdOf(byte[] message) => BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(6));

    static uint IdOf(string message) => IdOf(Encoding.Latin1.GetBytes(message));
}
