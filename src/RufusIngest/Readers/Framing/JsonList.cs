namespace RufusIngest.Readers.Framing;

/// <summary>Steps through an array of objects in an object that is taken in parts.</summary>
static class JsonList
{
    /// <summary>What to take first: up to the first object of the array, or 0 (all) where it holds none.</summary>
    /// <param name="list">The array, a value of the text.</param>
    /// <param name="text">The whole object, from its first byte.</param>
    public static int HeadLength(JsonValue list, ReadOnlySpan<byte> text)
    {
        if (list.Kind != JsonKind.Nested)
            return 0;
        ReadOnlySpan<byte> array = list.In(text);
        int at = SkipWhite(array, 1);
        return array[0] == '[' && array[at] == '{' ? list.End - array.Length + at : 0;
    }

    /// <summary>Checks that a value is an array, empty or with an object first.</summary>
    /// <param name="list">The value, which is there.</param>
    /// <param name="text">The whole object, from its first byte.</param>
    /// <param name="head">What to take first, as <see cref="HeadLength"/>.</param>
    public static RejectReason Begin(JsonValue list, ReadOnlySpan<byte> text, out int head)
    {
        head = HeadLength(list, text);
        ReadOnlySpan<byte> array = list.In(text);
        bool good = head > 0 || (list.Kind == JsonKind.Nested && array[0] == '[' && array[SkipWhite(array, 1)] == ']');
        return good ? RejectReason.None : RejectReason.BadSyntax;
    }

    /// <summary>An object of the array with what stands before the next one, or before the array's end.</summary>
    /// <param name="rest">The rest of the whole object, from the first byte of the array's object.</param>
    /// <param name="objectLength">The length of that.</param>
    public static int ItemLength(ReadOnlySpan<byte> rest, int objectLength)
    {
        int at = SkipWhite(rest, objectLength);
        return rest[at] == ',' ? SkipWhite(rest, at + 1) : objectLength;
    }

    /// <summary>What stands behind the last object of the array; another value there ends the object as a reject.</summary>
    public static RejectReason End(ReadOnlySpan<byte> rest) =>
        rest[0] == ']' || rest[SkipWhite(rest, 0)] == ']' ? RejectReason.None : RejectReason.BadSyntax;

    static int SkipWhite(ReadOnlySpan<byte> text, int at)
    {
        while (text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            at++;
        return at;
    }
}
