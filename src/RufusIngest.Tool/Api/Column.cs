using System.Globalization;

namespace RufusIngest.Tool.Api;

/// <summary>One member of a thing the server lists: a column of the table, a member of the JSON object.</summary>
/// <param name="Header">Of the table; null: only in JSON.</param>
/// <param name="Member">The API's name of it.</param>
/// <param name="Value">Text, whole number, number, truth or time; null when the server does not say it.</param>
sealed record Column<T>(string? Header, string Member, Func<T, object?> Value)
{
    /// <summary>The header, or the API's name in words.</summary>
    public string Label => Header ?? char.ToUpperInvariant(Member[0]) + Member[1..].Replace('_', ' ');

    public string Text(T item) => Value(item) switch
    {
        null => "",
        bool truth => truth ? "yes" : "no",
        DateTimeOffset time => Time(time),
        int number => number.ToString("N0", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        object text => text.ToString()!,
    };

    public bool IsNumber(T item) => Value(item) is int or double;

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
