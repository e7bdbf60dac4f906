namespace RufusIngest.Readers.Framing;

/// <summary>Steps through an array of objects in an object that is taken in parts.</summary>
static class JsonList
{
    /// <summary>What to take first: up to the first value of the array, or 0 (all) where it holds none.</summary>
    /// <param name="list">The array, a value of the text.</param>
    /// <param name="text">The whole object, from its first byte.</param>
    public static int HeadLength(JsonValue list, ReadOnlySpan<byte> text)
    {
        if (list.Kind != JsonKind.Nested)
            return 0;
        ReadOnlySpan<byte> array = list.In(text);
        int at = SkipWhite(array, 1);
        return array[0] == '[' && array[at] != ']' ? list.End - array.Length + at : 0;
    }

    /// <summary>Checks that a value is an array.</summary>
    /// <param name="list">The value, which is there.</param>
    /// <param name="text">The whole object, from its first byte.</param>
    /// <param name="head">What to take first, as <see cref="HeadLength"/>.</param>
    public static RejectReason Begin(JsonValue list, ReadOnlySpan<byte> text, out int head)
    {
        head = HeadLength(list, text);
        return list.Kind == JsonKind.Nested && list.In(text)[0] == '[' ? RejectReason.None : RejectReason.BadSyntax;
    }

    /// <summary>A value of the array with what stands before the next one, or before the array's end.</summary>
    /// <param name="rest">The rest of the whole object, from the first byte of the value.</param>
    /// <param name="valueLength">The length of that.</param>
    public static int ItemLength(ReadOnlySpan<byte> rest, int valueLength)
    {
        int at = SkipWhite(rest, valueLength);
        return rest[at] == ',' ? SkipWhite(rest, at + 1) : valueLength;
    }

    /// <summary>
    /// What is no object of the array: its end, with all that stands behind it, or another value, a reject that costs
    /// no object behind it.
    /// </summary>
    public static RejectReason TakeOther(ReadOnlySpan<byte> rest, ref FrameOutput output)
    {
        if (rest[SkipWhite(rest, 0)] == ']')
            return RejectReason.None;
        output.Length = ItemLength(rest, JsonMembers.ValueLength(rest));
        return RejectReason.BadSyntax;
    }

    static int SkipWhite(ReadOnlySpan<byte> text, int at)
    {
        while (text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            at++;
        return at;
    }
}
