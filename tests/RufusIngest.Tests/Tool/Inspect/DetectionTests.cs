using System.Buffers;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Tests.Support;
using RufusIngest.Tool.Inspect;

namespace RufusIngest.Tests.Tool.Inspect;

public sealed class DetectionTests
{
    /// <summary>
    /// Which protocol a file is of, and whether it is certain; a file of one short record is not, and neither is one
    /// that holds no read. Left out are what is no reader's bytes (programs' logs of them, hosts' commands in a
    /// protocol whose parser knows reports only, XML and JSON beside them, messages without their header) and the one
    /// frame that is damaged.
    /// </summary>
    public static TheoryData<string, string, string, bool> Files => new()
    {
        { "alien", "notify-terse.bin", "alien", true },
        { "alien", "notify-text-bpt-crc.bin", "alien", true },
        { "alien", "notify-text.bin", "alien", true },
        { "alien", "notify-xml.xml", "alien", true },
        { "alien", "taglist-key-equals.txt", "alien", true },
        { "amb-p98-tranx", "p98-lines.bin", "amb", true },
        { "amb-p98-tranx", "p98-two-lines.bin", "amb", true },
        { "amb-p98-tranx", "tranx2-stream.txt", "amb", true },
        { "cf-prime", "vectors.txt", "cfprime", true },
        { "chronotrack", "controller-19K.csv", "chronotrack", true },
        { "chronotrack", "controller-19K.mrk", "chronotrack", false },
        { "chronotrack", "controller-9K.csv", "chronotrack", true },
        { "chronotrack", "controller-9K.mrk", "chronotrack", false },
        { "chronotrack", "controller-FINISH3-first-300.csv", "chronotrack", true },
        { "chronotrack", "controller-START1-0502.csv", "chronotrack", true },
        { "chronotrack", "controller-START1-0502.mrk", "chronotrack", false },
        { "chronotrack", "controller-START2-first-300.csv", "chronotrack", true },
        { "chronotrack", "controller-START2.mrk", "chronotrack", false },
        { "chronotrack", "ctp01-export-sample.csv", "chronotrack", false },
        { "chronotrack", "ctp01-samples.txt", "chronotrack", true },
        { "csv-and-wedge", "rdm6300-stx.bin", "serialtag", false },
        { "csv-and-wedge", "stx-binary-em4100.bin", "serialtag", false },
        { "feibot", "csv-line.csv", "feibot", false },
        { "feibot", "heartbeat.json", "feibot", false },
        { "feibot", "plate-reader.json", "feibot", true },
        { "impinj-r700", "all-fields.json", "r700", true },
        { "impinj-r700", "mqtt-epc-only.json", "r700", true },
        { "impinj-r700", "stream.ndjson", "r700", true },
        { "impinj-r700", "webhook-post.json", "r700", true },
        { "impinj-speedway-connect", "crossmgr-log-first-12.csv", "csv", true },
        { "impinj-speedway-connect", "crossmgr-log-variant.csv", "csv", true },
        { "impinj-speedway-connect", "inventory.jsonl", "speedway", true },
        { "impinj-speedway-connect", "reader-box-start-930.csv", "speedway", true },
        { "ipico", "download-first-1200.txt", "ipico", true },
        { "ipico", "dump-damaged-lines-70120-70340.txt", "ipico", true },
        { "ipico", "elite-fs-ls-damaged.txt", "ipico", true },
        { "ipico", "elite-fs-ls-first-600.txt", "ipico", true },
        { "ipico", "event-mode.rx.txt", "ipico", true },
        { "ipico", "event-mode.tx.txt", "ipico", true },
        { "ipico", "fsls-direct.rx.txt", "ipico", true },
        { "ipico", "fsls-multiple.rx.txt", "ipico", true },
        { "ipico", "fsls-multiple.tx.txt", "ipico", true },
        { "ipico", "fsls-single.rx.txt", "ipico", true },
        { "ipico", "fsls-single.tx.txt", "ipico", true },
        { "ipico", "gun-time.rx.txt", "ipico", true },
        { "ipico", "gun-time.tx.txt", "ipico", true },
        { "ipico", "raw-4-tags.rx.txt", "ipico", true },
        { "ipico", "raw-4-tags.tx.txt", "ipico", true },
        { "ipico", "record-on-off.rx.txt", "ipico", true },
        { "ipico", "record-on-off.tx.txt", "ipico", true },
        { "ipico", "set-time.rx.txt", "ipico", false }, // Two banners make up a third of it.
        { "ipico", "set-time.tx.txt", "ipico", true },
        { "ipico", "tto-enable.rx.txt", "ipico", true },
        { "ipico", "tto-enable.tx.txt", "ipico", true },
        { "jchip", "file-import.txt", "jchip", false },
        { "jchip", "session.rx.bin", "jchip", false },
        { "jchip", "with-date.txt", "jchip", false },
        { "llrp-emulated-exchange", "client-to-reader.bin", "llrp", true },
        { "llrp-emulated-exchange", "exchange.txt", "llrp", true },
        { "llrp-emulated-exchange", "reader-to-client.bin", "llrp", true },
        { "llrp-impinj-frames", "frames.txt", "llrp", true },
        { "llrp-impinj-stream", "reports-45.bin", "llrp", true },
        { "llrp-ltk-golden", "dx101_a.bin", "llrp", true },
        { "llrp-ltk-golden", "dx101_e.bin", "llrp", true },
        { "llrp-ltkjava", "RO_ACCESS_REPORT.bin", "llrp", false },
        { "macsha-one4all", "cloud-export.csv", "macsha", true },
        { "macsha-one4all", "gen3-row.txt", "macsha", false },
        { "macsha-one4all", "gen4-azul.csv", "macsha", true },
        { "macsha-one4all", "gen5-20191212-first-900.csv", "macsha", true },
        { "macsha-one4all", "gen5-dialogue.rx.txt", "macsha", true },
        { "mercury-m6e", "blockErase.transport", "mercury", true },
        { "mercury-m6e", "blockPermalockRead.transport", "mercury", true },
        { "mercury-m6e", "gpi.transport", "mercury", true },
        { "mercury-m6e", "gpo.transport", "mercury", true },
        { "mercury-m6e", "kill.transport", "mercury", true },
        { "mercury-m6e", "lock.transport", "mercury", true },
        { "mercury-m6e", "read.transport", "mercury", true },
        { "mercury-m6e", "readUser.transport", "mercury", true },
        { "mercury-m6e", "write.transport", "mercury", true },
        { "mylaps-exporter", "v1-2025-04-10-11.rx.bin", "mylaps", true },
        { "p3-amb-short", "amb-short.bin", "p3", true },
        { "p3-amb-short", "amb-short.out", "p3", true },
        { "p3-frames", "good_passing.bin", "p3", true },
        { "p3-frames", "multi.bin", "p3", true },
        { "p3-frames", "need_trimming.bin", "p3", true },
        { "p3-frames", "status.bin", "p3", false },
        { "r2000-a0", "vectors.txt", "r2000", true },
        { "raceresult-decoder", "http-upload-body.txt", "raceresult", false },
        { "raceresult-decoder", "passing-proto-1.1.txt", "raceresult", false },
        { "raceresult-decoder", "rr12-raw-data-record.json", "raceresult-json", true },
        { "raceresult-decoder", "status-and-handshake.txt", "raceresult", false },
        { "raceresult-trackbox", "post-body.txt", "trackbox", false },
        { "raceresult-usb-box", "session.rx.txt", "raceresult-usb", true },
        { "rfid-ultra", "composed-stream.bin", "ultra", true },
        { "rfid-ultra", "file-export-lines.txt", "ultra", false },
        { "rfid-ultra", "live-record.txt", "ultra", false },
        { "swt-active", "vectors.txt", "swt", true },
        { "tag-heuer-chronelec", "passings.txt", "tagheuer", true },
        { "timing-sense", "backup-semicolon.csv", "timingsense", false }, // Wiclax boxes may write just the same rows.
        { "timing-sense", "payload-lines.json", "timingsense", true },
        { "uhfreader18", "vectors.txt", "uhfreader18", true },
        { "wiclax", "dialogue.txt", "wiclax", false },
        { "wiclax", "passings.rx.bin", "wiclax", true },
        { "yrm100-bb", "vectors.txt", "yrm100", true },
        { "zebra-iot-connector", "custom-all-metadata.json", "zebra", true },
        { "zebra-iot-connector", "fx9600-simple.json", "zebra", true },
        { "zebra-iot-connector", "fxr90-websocket.json", "zebra", true },
        { "zebra-iot-connector", "rfd40-dataevt.json", "zebra", true },
    };

    const string IpicoLines =
        "aa0005800012860800012603062027472353\r\naa0005800012860800012603062027472656\r\n"
        + "aa00058000120e3800012603062027510376\r\nab000a2c260306052004151b2782ae\r\n";

    const string UltraLines =
        "0,1017,1463472001,4,2,-67,0,2,1,0000000000000000,0,1\n0,1018,1463472001,390,1,-74,0,2,1,0000000000000000,0,2\n"
        + "0,1017,1463472001,453,2,-52,0,2,1,0000000000000000,0,3\n";

    const string Html =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Results</title></head>\n<body>\n<table>\n"
        + "<tr><td>1</td><td>09:41:00</td><td>17</td></tr>\n<tr><td>2</td><td>09:41:07</td><td>18</td></tr>\n"
        + "</table>\n<p>Updated 2026-05-17 10:00:00</p>\n</body>\n</html>\n";

    [Theory]
    [MemberData(nameof(Files))]
    public void A_capture_is_named(string folder, string file, string protocol, bool isCertain)
    {
        FileInfo path = new(Captures.PathOf(folder, file));
        Assert.SkipUnless(ReaderProtocol.Find(protocol) is not null, $"there is no protocol {protocol} yet");
        InputStream stream = Assert.Single(InputFile.Open(path, null, TestContext.Current.CancellationToken).Streams);
        Assert.Equal((protocol, isCertain), (stream.Detection.Best?.Name, stream.Certain is not null));
    }

    [Fact]
    public void Lines_of_a_reader_are_certain()
    {
        Assert.Equal("ipico", Detect(IpicoLines).Certain?.Name);
        Assert.Equal("ultra", Detect(UltraLines).Certain?.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n")]
    [InlineData("1\r2\r3\r4\r5\r6\r7\r8\r9\ra\rb\rc\rd\re\rf\r1\r2\r3\r4\r5\r6\r7\r8\r9\ra\rb\rc\rd\re\rf\r")]
    [InlineData("0F0184F07A\r0F0184F07B\r0F0184F07C\r")]
    [InlineData("17;18;19\n20;21;22\n23;24;25\n")]
    [InlineData("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"b\":[1,2,3]}\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("May 17 09:41:00 host sshd[17]: Accepted\nMay 17 09:41:07 host sshd[18]: Closed\nMay 17 09:42:00 host cron[3]: run\n")]
    [InlineData(Html)]
    public void What_is_no_reader_s_is_not_certain(string text) => Assert.Null(Detect(text).Certain);

    [Fact]
    public void Zeros_and_one_byte_over_and_over_are_not_certain()
    {
        foreach (byte value in Enumerable.Range(0, 256).Select(value => (byte)value))
            Assert.Null(Detect(Enumerable.Repeat(value, 3000).ToArray()).Certain);
    }

    [Fact]
    public void Random_bytes_are_not_certain() => Gen.Byte.Array[0, 3000].Sample(bytes => Assert.Null(Detect(bytes).Certain), iter: 300);

    [Fact]
    public void Random_text_is_not_certain() =>
        Gen.Char["0123456789abcdefABCDEF,;:-. \r\n"].Array[0, 600].Sample(
            chars => Assert.Null(Detect(new string(chars)).Certain), iter: 300);

    [Fact]
    public void Long_random_bytes_are_not_certain()
    {
        byte[] bytes = new byte[ProtocolDetection.FrontBytes];
        new Random(7).NextBytes(bytes);
        Assert.Null(Detect(bytes).Certain);
    }

    /// <summary>Half a record fits a lax protocol; a whole one may be certain, but then of its own protocol.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void The_tail_of_a_capture_is_certainly_of_no_other_protocol(string folder, string file, string protocol, bool isCertain)
    {
        byte[] bytes = BytesOf(folder, file);
        Assert.SkipUnless(ReaderProtocol.Find(protocol) is not null, $"there is no protocol {protocol} yet");
        for (int length = 1; length <= Math.Min(bytes.Length, 240); length += length < 40 ? 1 : 7)
        {
            string? name = Detect(bytes[^length..]).Certain?.Name;
            Assert.True(name is null || name == protocol, $"{length} bytes of {file} ({isCertain}) are certainly {name}");
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.7)]
    public void One_protocol_with_a_good_part_of_another_behind_it_is_not_certain(double share)
    {
        (string Folder, string File)[] files =
        [
            ("ipico", "elite-fs-ls-first-600.txt"), ("chronotrack", "controller-9K.csv"), ("mylaps-exporter", "v1-2025-04-10-11.rx.bin"),
            ("macsha-one4all", "gen5-20191212-first-900.csv"), ("impinj-speedway-connect", "reader-box-start-930.csv"),
        ];
        byte[][] all = [.. files.Select(file => Captures.Read(file.Folder, file.File)[..20_000])];
        foreach (byte[] first in all)
        {
            foreach (byte[] second in all.Where(second => second != first))
            {
                int front = (int)(20_000 * share);
                Assert.Null(Detect([.. first[..front], .. second[..(20_000 - front)]]).Certain);
            }
        }
    }

    [Fact]
    public void A_foreign_end_is_found_behind_any_front()
    {
        string lines = string.Concat(Enumerable.Repeat(IpicoLines, 100));
        Assert.Equal("ipico", Detect(lines).Certain?.Name);
        byte[] rest = new byte[lines.Length / 6];
        new Random(7).NextBytes(rest);
        Detection detection = Detect([.. Encoding.ASCII.GetBytes(lines), .. rest]);
        Assert.Null(detection.Certain);
        Assert.Equal("ipico", detection.Best?.Name);
    }

    [Fact]
    public void Damaged_captures_are_a_result_and_never_an_exception()
    {
        byte[][] all = [.. Files.Select(row => row.Data).Where(row => ReaderProtocol.Find(row.Item3) is not null)
            .Select(row => BytesOf(row.Item1, row.Item2))];
        Gen.Select(Gen.Int[0, all.Length - 1], Gen.Int[0, 100_000], Gen.Select(Gen.Int[0, 500], Gen.Byte).Array[1, 20])
            .Sample((which, start, changes) =>
            {
                byte[] bytes = all[which];
                start %= bytes.Length;
                bytes = bytes[start..Math.Min(bytes.Length, start + 500)];
                foreach (var (at, value) in changes)
                    bytes[at % bytes.Length] = value;
                Assert.NotNull(Detect(bytes));
            }, iter: 300);
    }

    [Fact]
    public void A_front_is_not_blamed_for_where_it_was_cut()
    {
        byte[] front = Encoding.ASCII.GetBytes(UltraLines)[..^3];
        Detection cut = ProtocolDetection.Detect(
            front, isWhole: false, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(0, cut.Certain?.Tally.Rejects);
    }

    static byte[] BytesOf(string folder, string file)
    {
        FileInfo path = new(Captures.PathOf(folder, file));
        InputFile input = InputFile.Open(path, null, TestContext.Current.CancellationToken);
        ArrayBufferWriter<byte> bytes = new();
        foreach (InputPiece piece in input.Read(TestContext.Current.CancellationToken))
            bytes.Write(piece.Bytes.Span);
        return bytes.WrittenSpan.ToArray();
    }

    static Detection Detect(string text) => Detect(Encoding.UTF8.GetBytes(text));

    static Detection Detect(byte[] bytes) => ProtocolDetection.Detect(bytes, isWhole: true);
}
