using System.Buffers.Binary;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// One TagReportData: its parameters in any order. Of a parameter that comes twice the last one counts; parameters
/// inside others are passed over with them.
/// </summary>
struct LlrpTagReport
{
    const int EpcData = 241;

    // Vendor and subtype, as they stand in a Custom parameter.
    const ulong Impinj = 25882UL << 32;
    const ulong ImpinjPhase = Impinj | 56;
    const ulong ImpinjPeakRssi = Impinj | 57;
    const ulong ImpinjGps = Impinj | 58;
    const ulong ZebraPhase = (161UL << 32) | 709;
    const ulong BluebirdCount = (24213UL << 32) | 0x38;

    ulong? _firstUtc;
    ulong? _lastUtc;
    ulong? _firstUptime;
    ulong? _lastUptime;
    short _fineRssi;
    ushort _channel;
    ushort _phase;

    /// <summary>Reads the parameters of one tag into a slot, as <see cref="LlrpParser"/> documents it.</summary>
    /// <param name="parameters">What is behind its type and length.</param>
    /// <param name="read">Written in any case; a read only with <see cref="RejectReason.None"/>.</param>
    public static RejectReason Take(ReadOnlySpan<byte> parameters, ref ChipRead read)
    {
        read.Reset();
        LlrpTagReport report = default;
        report._fineRssi = ChipRead.NoRssi;
        RejectReason missing = RejectReason.NoChip;
        while (!parameters.IsEmpty)
        {
            int size = LlrpParameter.SizeOf(parameters);
            if (size <= 0)
            {
                // What was read before is good; the rest of this tag is not, and the next tag is found without it.
                read.Flags |= ReadFlags.FieldDropped;
                missing = size == LlrpParameter.UnknownSize ? RejectReason.NoChip : RejectReason.BadNumber;
                break;
            }

            RejectReason reason = report.TakeParameter(parameters[..size], ref read);
            if (reason != RejectReason.None)
                return reason;
            parameters = parameters[size..];
        }

        if (read.Chip.IsEmpty)
            return missing;
        report.Finish(ref read);
        return RejectReason.None;
    }

    RejectReason TakeParameter(ReadOnlySpan<byte> parameter, ref ChipRead read)
    {
        ReadOnlySpan<byte> value = parameter[1..];
        switch (parameter[0])
        {
            case 0x81:
                read.Antenna = BinaryPrimitives.ReadUInt16BigEndian(value);
                break;
            case 0x82:
                _firstUtc = BinaryPrimitives.ReadUInt64BigEndian(value);
                break;
            case 0x83:
                _firstUptime = BinaryPrimitives.ReadUInt64BigEndian(value);
                break;
            case 0x84:
                _lastUtc = BinaryPrimitives.ReadUInt64BigEndian(value);
                break;
            case 0x85:
                _lastUptime = BinaryPrimitives.ReadUInt64BigEndian(value);
                break;
            case 0x86:
                read.RssiCentiDbm = (short)((sbyte)value[0] * 100);
                break;
            case 0x87:
                _channel = BinaryPrimitives.ReadUInt16BigEndian(value);
                break;
            case 0x88:
                read.Hits = Math.Max((ushort)1, BinaryPrimitives.ReadUInt16BigEndian(value));
                break;
            case 0x8D:
                read.Chip = ChipCode.FromEpc96(value);
                break;
            case < 0x80:
                return TakeTlv(parameter, ref read);
        }

        return RejectReason.None;
    }

    RejectReason TakeTlv(ReadOnlySpan<byte> tlv, ref ChipRead read)
    {
        ReadOnlySpan<byte> value = tlv[LlrpParameter.TlvHeader..];
        switch (LlrpParameter.TlvTypeOf(tlv))
        {
            case EpcData when value.Length < 2:
                return RejectReason.BadNumber;
            case EpcData:
                return TakeEpc(value[2..], BinaryPrimitives.ReadUInt16BigEndian(value), ref read);
            case LlrpParameter.Custom when value.Length >= 8:
                if (!TakeCustom(BinaryPrimitives.ReadUInt64BigEndian(value), value[8..], ref read))
                    read.Flags |= ReadFlags.FieldDropped;
                break;
        }

        return RejectReason.None;
    }

    static RejectReason TakeEpc(ReadOnlySpan<byte> bytes, int bits, ref ChipRead read)
    {
        if (bits > bytes.Length * 8)
            return RejectReason.BadNumber;
        // Without a bit there is no EPC; another parameter may still bring one.
        if (bits == 0)
            return RejectReason.None;
        if (!ChipCode.TryFromEpc(bytes, bits, out ChipCode chip))
            return RejectReason.ChipTooLong;
        read.Chip = chip;
        return RejectReason.None;
    }

    /// <summary>False when the value is too short or out of range; vendors may put more behind it.</summary>
    bool TakeCustom(ulong vendorAndSubtype, ReadOnlySpan<byte> value, ref ChipRead read)
    {
        switch (vendorAndSubtype)
        {
            case ImpinjPhase or ZebraPhase when BinaryPrimitives.TryReadUInt16BigEndian(value, out ushort phase):
                _phase = phase;
                return true;
            case ImpinjPeakRssi when BinaryPrimitives.TryReadInt16BigEndian(value, out short rssi):
                _fineRssi = rssi;
                return true;
            case BluebirdCount when BinaryPrimitives.TryReadUInt16BigEndian(value, out ushort count):
                read.Number = count;
                return true;
            case ImpinjGps:
                return TryPosition(value, ref read);
            default:
                return vendorAndSubtype is not (ImpinjPhase or ZebraPhase or ImpinjPeakRssi or BluebirdCount);
        }
    }

    static bool TryPosition(ReadOnlySpan<byte> value, ref ChipRead read)
    {
        const int Right = 90_000_000; // In 10⁻⁶ degree.
        if (!BinaryPrimitives.TryReadInt32BigEndian(value, out int latitude)
            || !BinaryPrimitives.TryReadInt32BigEndian(value[4..], out int longitude)
            || latitude is < -Right or > Right || longitude is < -2 * Right or > 2 * Right)
            return false;
        read.LatitudeE7 = latitude * 10;
        read.LongitudeE7 = longitude * 10;
        read.Flags |= ReadFlags.HasPosition;
        return true;
    }

    readonly void Finish(ref ChipRead read)
    {
        if (_fineRssi != ChipRead.NoRssi)
            read.RssiCentiDbm = _fineRssi;
        bool isUtc = _firstUtc.HasValue || _lastUtc.HasValue;
        ulong? time = isUtc ? _firstUtc ?? _lastUtc : _firstUptime ?? _lastUptime;
        read.Detail = (isUtc ? Between(_firstUtc, _lastUtc) : Between(_firstUptime, _lastUptime))
            | ((ulong)_channel << 32) | ((ulong)_phase << 48);
        if (time is not { } microseconds)
            read.Flags |= ReadFlags.NoTime;
        else if (isUtc)
            BinaryFields.SinceEpoch(microseconds, ReadFlags.ZoneKnown, ref read);
        else if (BinaryFields.TryTicks(microseconds, out long ticks))
            (read.Time, read.Flags) = (ticks, read.Flags | ReadFlags.SinceStart);
        else
            read.Flags |= ReadFlags.NoTime | ReadFlags.FieldDropped;
    }

    /// <summary>How much later the last sighting was, µs, up to 32 bits; 0 when one of the two is missing.</summary>
    static uint Between(ulong? first, ulong? last) =>
        first < last ? (uint)Math.Min(last.Value - first.Value, uint.MaxValue) : 0;
}
