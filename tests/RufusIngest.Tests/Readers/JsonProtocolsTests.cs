using System.Text;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using static RufusIngest.Tests.Readers.ReadText;

namespace RufusIngest.Tests.Readers;

/// <summary>What holds for all protocols of JSON objects, whatever they say.</summary>
public sealed class JsonProtocolsTests
{
    const string Feibot = """{"RTC":"10:00:00","EPC":"00AA","ANT":1}""";
    const string Pika = """{"type":"READ","chip":"7","epochMilli":1772877600000}""";
    const string R700 = """{"timestamp":"2026-03-07T10:00:00Z","tagInventoryEvent":{"epcHex":"00AA"}}""";
    const string Rfid = """{"tag":"7"}""";
    const string Speedway = """{"epc":"00AA","firstSeenTimestamp":"2026-03-07T10:00:00Z"}""";
    const string TimingSense = """{"Chip":7,"Moment":"2026-03-07T10:00:00Z"}""";
    const string Zebra = """{"data":{"idHex":"00AA"},"timestamp":"2026-03-07T10:00:00.000+0000"}""";
    const string Chronokeep = """{"identifier":"7","seconds":1772877600,"milliseconds":0}""";

    [Fact]
    public void An_object_nested_too_deep_is_a_reject_also_where_long_lists_are_read()
    {
        Check<ChronokeepProtocol>(Chronokeep);
        Check<RfidJsonProtocol>(Rfid);
        Check<SpeedwayProtocol>(Speedway);
        Check<ZebraProtocol>(Zebra);

        static void Check<TProtocol>(string one)
            where TProtocol : struct, IJsonProtocol
        {
            byte[] stream = Bytes($"{one}\n{{\"list\":{new string('[', 70)}{new string(']', 70)}}}\n{one}\n");
            ParserRun whole = ParserRun.OfWhole<JsonParser<TProtocol>>(stream);
            Assert.Equal(2, whole.Reads.Count);
            Assert.Equal(RejectReason.TooLong, whole.Rejects[0].Reason);
            foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream))
                Assert.Equal(whole.Describe(), ParserRun.Of<JsonParser<TProtocol>>(pieces).Describe());
        }
    }

    [Fact]
    public void Objects_come_in_pieces_behind_a_mark_of_UTF8_and_with_NUL_between()
    {
        Check<FeibotProtocol>(Feibot);
        Check<PikaReaderProtocol>(Pika);
        Check<R700Protocol>(R700);
        Check<RfidJsonProtocol>(Rfid);
        Check<SpeedwayProtocol>(Speedway);
        Check<TimingSenseProtocol>(TimingSense);
        Check<ZebraProtocol>(Zebra);

        static void Check<TProtocol>(string one)
            where TProtocol : struct, IJsonProtocol
        {
            string indented = one.Replace(",", " ,\r\n\t", StringComparison.Ordinal).Replace(":{", " : { ", StringComparison.Ordinal);
            string stream = $"\uFEFF{one}\0{one}{one}\0\0[{one},{indented}]\r\n\uFEFF{one}\0";
            string expected = ParserRun.OfWhole<JsonParser<TProtocol>>(Bytes(stream)).Describe();
            Assert.Equal(6, expected.Split('\n').Length - 1);
            foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Bytes(stream)))
                Assert.Equal(expected, ParserRun.Of<JsonParser<TProtocol>>(pieces).Describe());
        }
    }

    [Fact]
    public void An_object_of_nearly_the_limit_with_hundreds_of_reads_is_taken_one_by_one()
    {
        Check<ChronokeepProtocol>(Chronokeep, """{"command":"reads","list":[""", "]}");
        Check<RfidJsonProtocol>(Rfid, """{"reader_id":7,"data":[""", "]}");
        Check<SpeedwayProtocol>(Speedway, """{"tag_reads":[""", """],"reader_name":"x"}""");
        Check<ZebraProtocol>("""{"EPC":"00AA","eventNum":5}""", """{"data":{"tagData":[""", """]},"timestamp":"2026-03-07T10:00:00Z"}""");

        static void Check<TProtocol>(string one, string head, string end)
            where TProtocol : struct, IJsonProtocol
        {
            int count = 60_000 / (one.Length + 2);
            StringBuilder text = new(head);
            for (int i = 0; i < count; i++)
                text.Append(i == 0 ? "" : i % 2 == 0 ? "," : " ,").Append(one);
            byte[] stream = Bytes(text.Append(end).ToString());
            Assert.InRange(stream.Length, 55_000, JsonObjectScanner.MaxBytes);
            ParserRun whole = ParserRun.OfWhole<JsonParser<TProtocol>>(stream, destination: 1);
            Assert.Equal(count, whole.Reads.Count);
            Assert.Single(whole.Controls);
            Assert.Empty(whole.Rejects);
            foreach (int piece in (int[])[1_000, 30_011, stream.Length - 1])
                Assert.Equal(whole.Describe(), ParserRun.Of<JsonParser<TProtocol>>(Pieces(stream, piece), destination: 1).Describe());
        }
    }

    static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] stream, int length)
    {
        for (int at = 0; at < stream.Length; at += length)
            yield return stream.AsMemory(at, Math.Min(length, stream.Length - at));
    }
}
