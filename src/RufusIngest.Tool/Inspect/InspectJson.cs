using System.Text;
using System.Text.Json;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tool.Pcap;

namespace RufusIngest.Tool.Inspect;

/// <summary>Writes what <c>inspect</c> found as JSON, an object a file.</summary>
static class InspectJson
{
    public static void Write(TextWriter output, FileReport report)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("file", report.Input.File.FullName);
            writer.WriteNumber("bytes", report.Input.File.Length);
            writer.WriteString("form", InspectWords.Of(report.Input.Form));
            writer.WriteString("problem", report.Input.Problem);
            if (report.Input.Packets is { } packets)
                Write(writer, packets);
            writer.WriteBoolean("certain", report.IsCertain);
            writer.WriteStartArray("streams");
            foreach (StreamReport one in report.Streams)
                Write(writer, one);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    static void Write(Utf8JsonWriter writer, TcpFlows packets)
    {
        writer.WriteStartObject("packets");
        writer.WriteNumber("all", packets.Packets);
        writer.WriteNumber("not_tcp", packets.Others);
        writer.WriteNumber("fragments", packets.Fragments);
        writer.WriteNumber("damaged", packets.Damaged);
        writer.WriteNumber("not_followed", packets.NotFollowed);
        writer.WriteEndObject();
    }

    static void Write(Utf8JsonWriter writer, StreamReport report)
    {
        writer.WriteStartObject();
        if (report.Stream.Flow is { } flow)
        {
            writer.WriteString("from", flow.Key.Source);
            writer.WriteString("to", flow.Key.Target);
            writer.WriteNumber("connections", flow.Connections);
            writer.WriteNumber("gaps", flow.Gaps);
            writer.WriteNumber("lost_bytes", flow.LostBytes);
        }

        writer.WriteNumber("bytes", report.Tally?.Bytes ?? report.Stream.Length);
        writer.WriteString("protocol", report.Protocol);
        writer.WriteBoolean("certain", report.IsCertain);
        writer.WriteString("doubt", report.Doubt);
        writer.WriteStartArray("candidates");
        foreach (ProtocolCandidate candidate in report.Stream.Detection.Candidates)
            Write(writer, candidate);
        writer.WriteEndArray();
        if (report.Tally is { } tally)
            Write(writer, tally);
        writer.WriteEndObject();
    }

    static void Write(Utf8JsonWriter writer, ProtocolCandidate candidate)
    {
        writer.WriteStartObject();
        writer.WriteString("protocol", candidate.Name);
        writer.WriteNumber("frames", candidate.Tally.Frames);
        writer.WriteNumber("strong_frames", candidate.StrongFrames);
        writer.WriteNumber("rejects", candidate.Tally.Rejects);
        writer.WriteNumber("explained", Math.Round(candidate.Tally.Explained, 4));
        writer.WriteNumber("changes_noticed", Math.Round(candidate.Strictness, 4));
        writer.WriteEndObject();
    }

    static void Write(Utf8JsonWriter writer, StreamTally tally)
    {
        writer.WriteStartObject("counts");
        writer.WriteString("protocol", tally.Protocol.Name);
        writer.WriteNumber("reads", tally.Reads);
        writer.WriteNumber("chips", tally.Chips);
        writer.WriteNumber("guns_and_markers", tally.Signals);
        writer.WriteString("time", InspectWords.Of(tally.Base));
        writer.WriteString("first", TimeOf(tally.First));
        writer.WriteString("last", TimeOf(tally.Last));
        writer.WriteString("earliest", TimeOf(tally.Earliest));
        writer.WriteString("latest", TimeOf(tally.Latest));
        writer.WriteNumber("without_time", tally.Reads - tally.TimedReads);
        writer.WriteNumber("clock_not_set", tally.ClockNotSet);
        writer.WriteNumber("backward_steps", tally.BackwardSteps);
        writer.WriteNumber("largest_backward_step", tally.LargestBackwardStep / (decimal)TimeSpan.TicksPerSecond);
        writer.WriteStartObject("antennas");
        foreach (var (antenna, count) in tally.Antennas)
            writer.WriteNumber($"{antenna}", count);
        writer.WriteEndObject();
        writer.WriteStartArray("points");
        foreach (string point in tally.Points)
            writer.WriteStringValue(point);
        writer.WriteEndArray();
        if (tally.HasSignal)
        {
            writer.WriteNumber("weakest_signal", tally.WeakestSignal / 100m);
            writer.WriteNumber("strongest_signal", tally.StrongestSignal / 100m);
        }

        writer.WriteStartObject("rejects");
        foreach (var (reason, rejects) in tally.RejectsByReason)
        {
            writer.WriteStartObject($"{reason}");
            writer.WriteNumber("count", rejects.Count);
            writer.WriteNumber("position", rejects.First.Position);
            writer.WriteNumber("length", rejects.First.Length);
            writer.WriteString("hex", Convert.ToHexStringLower(rejects.First.Bytes));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartObject("controls");
        foreach (var (kind, count) in tally.Controls)
            writer.WriteNumber($"{kind}", count);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    static string? TimeOf(ChipRead? read) => read is { } one ? Times.OfReader(one) : null;
}
