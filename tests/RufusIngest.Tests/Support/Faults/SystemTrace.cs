using System.Globalization;
using System.Text.RegularExpressions;

namespace RufusIngest.Tests.Support;

/// <summary>A system call as <c>strace -f -y</c> wrote it.</summary>
sealed record TraceCall
{
    public required string Name { get; init; }

    /// <summary>The file or socket of the first argument, or "".</summary>
    public required string Path { get; init; }

    /// <summary>All strings of its arguments, one behind the other; of calls that write, what was written.</summary>
    public required byte[] Data { get; init; }

    /// <summary>The trace does not show the strings to their end.</summary>
    public required bool IsCut { get; init; }

    /// <summary>Line at which it began: nothing of it had happened before.</summary>
    public required int Begin { get; init; }

    /// <summary>Line at which it had ended; of a call cut off by the end of the trace, a line behind all.</summary>
    public required int End { get; init; }

    /// <summary>−1 when it failed or never ended.</summary>
    public required long Result { get; init; }
}

/// <summary>Reads what <c>strace -f -y -o FILE</c> writes. Lines that are no calls are left out.</summary>
static partial class SystemTrace
{
    const string Unfinished = " <unfinished ...>";

    public static IReadOnlyList<TraceCall> Parse(IEnumerable<string> lines)
    {
        List<TraceCall> calls = [];
        Dictionary<string, (int Line, string Text)> open = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            Match start = ThreadAndRest().Match(line);
            if (!start.Success)
                continue;
            string thread = start.Groups[1].Value;
            string text = start.Groups[2].Value;
            if (text.EndsWith(Unfinished, StringComparison.Ordinal))
            {
                open[thread] = (number, text[..^Unfinished.Length]);
            }
            else if (Resumed().Match(text) is { Success: true } resumed)
            {
                if (open.Remove(thread, out var begun))
                    Add(calls, begun.Text + resumed.Groups[1].Value, begun.Line, number);
            }
            else
            {
                Add(calls, text, number, number);
            }
        }

        foreach (var (line, text) in open.Values)
            Add(calls, text + ") = -1 (never ended)", line, number + 1);
        return [.. calls.OrderBy(call => call.Begin)];
    }

    static void Add(List<TraceCall> calls, string text, int begin, int end)
    {
        Match call = Call().Match(text);
        if (!call.Success)
            return;
        string arguments = call.Groups[2].Value;
        long result = long.TryParse(call.Groups[3].Value, CultureInfo.InvariantCulture, out long parsed) ? parsed : -1;
        byte[] data = Strings(arguments, out bool isCut);
        if (result >= 0 && result < data.Length && call.Groups[1].Value is not ("openat" or "open"))
            data = data[..(int)result];
        calls.Add(new TraceCall
        {
            Name = call.Groups[1].Value,
            Path = Descriptor().Match(arguments) is { Success: true } path ? path.Groups[1].Value : "",
            Data = data,
            IsCut = isCut,
            Begin = begin,
            End = end,
            Result = result,
        });
    }

    /// <summary>The quoted strings, with C escapes undone.</summary>
    static byte[] Strings(string arguments, out bool isCut)
    {
        List<byte> data = [];
        isCut = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] != '"')
                continue;
            for (i++; i < arguments.Length && arguments[i] != '"'; i++)
                data.Add(arguments[i] == '\\' ? Escaped(arguments, ref i) : (byte)arguments[i]);
            isCut |= arguments.AsSpan(Math.Min(i + 1, arguments.Length)).StartsWith("...");
        }

        return [.. data];
    }

    /// <summary>Undoes the escape at a position and leaves the position on its last character.</summary>
    static byte Escaped(string text, ref int at)
    {
        char kind = text[++at];
        if (kind is >= '0' and <= '7')
        {
            int value = kind - '0';
            for (int digits = 1; digits < 3 && text[at + 1] is >= '0' and <= '7'; digits++)
                value = 8 * value + (text[++at] - '0');
            return (byte)value;
        }

        return kind switch
        {
            'n' => (byte)'\n',
            'r' => (byte)'\r',
            't' => (byte)'\t',
            'v' => 11,
            'f' => 12,
            _ => (byte)kind,
        };
    }

    [GeneratedRegex(@"^(?:\[pid +)?(\d+)\]? +(.*)$", RegexOptions.Singleline)]
    private static partial Regex ThreadAndRest();

    [GeneratedRegex(@"^<\.\.\. \w+ resumed>(.*)$", RegexOptions.Singleline)]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^(\w+)\((.*)\) += +(-?\w+)[^""]*$", RegexOptions.Singleline)]
    private static partial Regex Call();

    [GeneratedRegex(@"^\d+<(.*?)>(?:,|$)", RegexOptions.Singleline)]
    private static partial Regex Descriptor();
}
