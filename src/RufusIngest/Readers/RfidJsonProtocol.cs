using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Posts of RFID middleware that go by usual names: objects, alone, in an array, or in the list <c>reads</c> or
/// <c>data</c> of one; arrays of EPC texts. Written from the notes of servers that take them; no device's messages are
/// known.
/// </summary>
/// <remarks>
/// The chip is <c>epc</c>, <c>epcHex</c>, <c>idHex</c>, <c>tag</c> or <c>id</c>; the time <c>readAt</c>,
/// <c>timestamp</c>, <c>time</c> or <c>t</c>, ISO with or without zone, or Unix time in digits. Where several are given,
/// the one named first here counts. Without any, the read has no time. The list's <c>reader_id</c> is the sub-reader, or
/// the point where it is a name.
/// </remarks>
struct RfidJsonProtocol : IJsonProtocol
{
    // The reader of the list whose reads are being taken.
    ushort _subReader;
    ushort _point;

    public static bool TakesLines => true;

    public static ReadOnlySpan<byte> LongList => "reads"u8;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        if (!frame.IsObject)
            return TakeCode(text, ref read, ref output);
        if (!frame.IsStart && text[0] != '{')
            return JsonList.TakeOther(text, ref output);
        Members found = Members.In(text);
        if (frame.IsStart)
            NoteReader(found.Reader, text, frame);
        else
            output.Length = JsonList.ItemLength(text, found.Length);
        if (frame.IsStart && found.List.Kind == JsonKind.Nested && !found.IsNamed)
        {
            RejectReason reason = JsonList.Begin(found.List, text, out int head);
            output.Length = head;
            if (reason == RejectReason.None)
                output.Add(ControlKind.Status);
            return reason;
        }

        if (found.IsRead)
            return TakeRead(found.Common, text, ref read, ref output);
        output.Add(ControlKind.Unknown);
        return RejectReason.None;
    }

    void NoteReader(JsonValue value, ReadOnlySpan<byte> text, in Frame frame)
    {
        bool isNumber = true;
        _ = JsonNumber.Whole(value, text, 0, ushort.MaxValue, ref isNumber, out long number);
        _subReader = isNumber ? (ushort)number : (ushort)0;
        _point = isNumber ? (ushort)0 : JsonFields.PointOf(value, text, frame);
    }

    RejectReason TakeRead(in ReadMembers found, ReadOnlySpan<byte> text, ref ChipRead read, ref FrameOutput output)
    {
        RejectReason reason = ReadFields.Chip(found.Chip, text, ref read);
        if (reason == RejectReason.None && JsonFields.IsGiven(found.Time))
            reason = JsonFields.TimeOrUnix(found.Time, text, ref read);
        else
            read.Flags |= ReadFlags.NoTime;
        if (reason != RejectReason.None)
            return reason;
        found.FillOptional(text, ref read);
        read.SubReader = _subReader;
        read.Point = _point;
        output.HasRead = true;
        return RejectReason.None;
    }

    /// <summary>One text of an array of EPCs. A name before a colon is what is left of a broken object.</summary>
    static RejectReason TakeCode(ReadOnlySpan<byte> text, ref ChipRead read, ref FrameOutput output)
    {
        int end = text[0] == '"' ? text[1..].IndexOf((byte)'"') : -1;
        ReadOnlySpan<byte> behind = text[(end + 2)..].TrimStart(" \t"u8);
        if (end < 0 || (behind.Length > 0 && behind[0] is not ((byte)',' or (byte)']')))
            return text[0] == '"' ? RejectReason.BadSyntax : RejectReason.UnknownFrame;
        output.Length = end + 2;
        RejectReason reason = JsonFields.HexChip(text.Slice(1, end), ref read);
        output.HasRead = reason == RejectReason.None;
        read.Flags = ReadFlags.NoTime;
        return reason;
    }

    struct Members
    {
        public ReadMembers Common;
        public JsonValue Reader;
        public JsonValue List;
        public int Length;

        /// <summary>There is a chip by a better name than <c>id</c>.</summary>
        public bool IsNamed;

        int _chipRank;
        int _timeRank;

        /// <summary>An <c>id</c> with nothing beside it that a read has could be that of anything.</summary>
        public readonly bool IsRead => IsNamed || (Common.Chip.Kind != JsonKind.Missing
            && (Common.Time.Kind | Common.Antenna.Kind | Common.Rssi.Kind) != JsonKind.Missing);

        public static Members In(ReadOnlySpan<byte> text)
        {
            Members found = default;
            JsonMembers members = new(text);
            while (members.Next())
                found.Note(members.Key.In(text), members.Value);
            found.Length = members.ObjectLength;
            return found;
        }

        void Note(ReadOnlySpan<byte> key, JsonValue value)
        {
            int chip = key.SequenceEqual("epc"u8) ? 5
                : key.SequenceEqual("epcHex"u8) ? 4 : key.SequenceEqual("idHex"u8) ? 3
                : key.SequenceEqual("tag"u8) ? 2 : key.SequenceEqual("id"u8) ? 1 : 0;
            int time = key.SequenceEqual("readAt"u8) ? 4 : key.SequenceEqual("timestamp"u8) ? 3
                : key.SequenceEqual("time"u8) ? 2 : key.SequenceEqual("t"u8) ? 1 : 0;
            IsNamed |= chip > 1;
            if (chip > 0)
                Prefer(ref Common.Chip, ref _chipRank, value, chip);
            else if (time > 0)
                Prefer(ref Common.Time, ref _timeRank, value, time);
            else if (key.SequenceEqual("antennaPort"u8) || key.SequenceEqual("antenna"u8)
                || key.SequenceEqual("port"u8))
                Common.Antenna = value;
            else if (key.SequenceEqual("rssi"u8) || key.SequenceEqual("peakRssi"u8))
                Common.Rssi = value;
            else if (key.SequenceEqual("reader_id"u8))
                Reader = value;
            else if (key.SequenceEqual("reads"u8) || key.SequenceEqual("data"u8))
                List = value;
        }

        static void Prefer(ref JsonValue kept, ref int keptRank, JsonValue value, int rank)
        {
            if (JsonFields.IsGiven(value) && rank > keptRank)
                (kept, keptRank) = (value, rank);
            else if (kept.Kind == JsonKind.Missing)
                kept = value;
        }
    }
}
