using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>A passing that the server does not take, with what would have been sent.</summary>
/// <param name="Location">Name of the location.</param>
/// <param name="Session">Local session of the location.</param>
/// <param name="Passing">Its number and the server's words.</param>
/// <param name="Item">Its JSON object, UTF-8.</param>
public sealed record SetAsideItem(string Location, int Session, SetAsidePassing Passing, ReadOnlyMemory<byte> Item);
