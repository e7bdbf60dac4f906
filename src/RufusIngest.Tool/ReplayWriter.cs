using System.Globalization;
using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>
/// Writes what a replay brings to light: reads as aligned lines or JSON, passings as JSON lines. Reads come on the
/// pipeline's thread and passings on another; each line is written whole.
/// </summary>
sealed class ReplayWriter : IDisposable
{
    readonly Terminal _terminal;
    readonly Lock _lock = new();
    readonly bool _json;
    readonly ReaderSettings _reader;
    readonly FileStream? _file;
    IReadOnlyList<string> _points = [];
    bool _headed;

    public ReplayWriter(Terminal terminal, bool json, ReaderSettings reader, FileInfo? file)
    {
        _terminal = terminal;
        _json = json;
        _reader = reader;
        try
        {
            _file = file?.Open(FileMode.Create, FileAccess.Write, FileShare.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ToolException.BadInput($"{file!.FullName} cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>Gives the names of points that the protocol has told so far.</summary>
    public Func<IReadOnlyList<string>> Points { get; set; } = () => [];

    public void WriteRead(int reader, in ChipRead read, long time, in ReadFate fate)
    {
        string line = _json ? JsonLine(read, time, fate.Outcome) : TextLine(read, time, fate.Outcome);
        lock (_lock)
        {
            if (!_headed && !_json)
                _terminal.Output.WriteLine(TextHead());
            _headed = true;
            _terminal.Output.WriteLine(line);
        }
    }

    public void WritePassings(PassingBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            _file?.Write(batch.GetItem(i));
            _file?.Write("\n"u8);
            if (!_json)
                continue;
            string item = Encoding.UTF8.GetString(batch.GetItem(i));
            lock (_lock)
                _terminal.Output.WriteLine($"{{\"passing\":{item}}}");
        }
    }

    public void WriteSummary(RunReport report)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("summary");
            report.WriteJson(writer);
            writer.WriteEndObject();
        }

        _terminal.Output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    static string TextHead() =>
        $"{"kind",-6} {"reader time",-24} {"utc",-24} {"chip",-24} {"ant",3} {"rssi",7} {"hits",4} {"sub",3} {"number",8} "
        + $"{"detail",-12} {"point",-12} {"outcome",-13} flags";

    string TextLine(in ChipRead read, long time, ReadOutcome outcome) => string.Create(
        CultureInfo.InvariantCulture,
        $"{read.Kind,-6} {Times.OfReader(read),-24} {(time == 0 ? "" : Times.Utc(time)),-24} {read.Chip,-24} "
        + $"{read.Antenna,3} {Rssi(read),7} {read.Hits,4} {read.SubReader,3} {(read.Number < 0 ? "" : read.Number),8} "
        + $"{Detail(read),-12} {PointOf(read),-12} {outcome,-13} {read.Flags}");

    string JsonLine(in ChipRead read, long time, ReadOutcome outcome)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("read");
            writer.WriteString("kind", read.Kind.ToString());
            writer.WriteString("chip", read.Chip.ToString());
            writer.WriteString("reader_time", Times.OfReader(read));
            writer.WriteString("utc", time == 0 ? null : Times.Utc(time));
            writer.WriteNumber("antenna", read.Antenna);
            if (read.RssiCentiDbm != ChipRead.NoRssi)
                writer.WriteNumber("rssi", read.RssiCentiDbm / 100m);
            writer.WriteNumber("hits", read.Hits);
            writer.WriteNumber("sub_reader", read.SubReader);
            if (read.Number >= 0)
                writer.WriteNumber("number", read.Number);
            if (read.Point > 0)
                writer.WriteString("point", PointOf(read));
            if (_reader.Protocol == "ipico" && read.Kind == ReadKind.Chip)
                WriteIpico(writer, read.Detail);
            else if (read.Detail != 0)
                writer.WriteString("detail", $"{read.Detail:x}");
            if ((read.Flags & ReadFlags.HasPosition) != 0)
            {
                writer.WriteNumber("latitude", read.LatitudeE7 / 10_000_000m);
                writer.WriteNumber("longitude", read.LongitudeE7 / 10_000_000m);
            }

            writer.WriteString("flags", read.Flags.ToString());
            writer.WriteString("outcome", outcome.ToString());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    string PointOf(in ChipRead read)
    {
        if (read.Point > _points.Count)
            _points = Points();
        return read.Point == 0 || read.Point > _points.Count ? "" : _points[read.Point - 1];
    }

    static void WriteIpico(Utf8JsonWriter writer, ulong detail)
    {
        writer.WriteString("i", $"{(detail >> 8) & 0xFF:x2}");
        writer.WriteString("q", $"{detail & 0xFF:x2}");
        if ((detail >> 40 & 1) != 0)
            writer.WriteString("tto", $"{(detail >> 16) & 0xFFFFFF:x6}");
    }

    string Detail(in ChipRead read) =>
        _reader.Protocol == "ipico" && read.Kind == ReadKind.Chip
            ? $"I{(read.Detail >> 8) & 0xFF:x2} Q{read.Detail & 0xFF:x2}"
                + ((read.Detail >> 40 & 1) != 0 ? $" {(read.Detail >> 16) & 0xFFFFFF:x6}" : "")
        : read.Detail == 0 ? ""
        : $"{read.Detail:x}";

    static string Rssi(in ChipRead read) =>
        read.RssiCentiDbm == ChipRead.NoRssi ? "" : (read.RssiCentiDbm / 100m).ToString(CultureInfo.InvariantCulture);

    public void Dispose() => _file?.Dispose();
}
